package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Exit codes, which are part of the contract with the outside.
const (
	exitOK          = 0
	exitFailed      = 1 // at least one job failed
	exitUsage       = 2 // the command line or a list could not be used at all
	exitPlace       = 3 // the output directory could not be used
	exitInterrupted = 130
	exitTerminated  = 143
)

// exitError is an error that names the code to leave with. Any other error
// leaves with exitFailed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usageErrorf says what is wrong with the command line, with the environment,
// with the configuration or with a list, and what to do instead.
func usageErrorf(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// placeErrorf says why the output directory cannot be used.
func placeErrorf(format string, args ...any) error {
	return &exitError{exitPlace, fmt.Errorf(format, args...)}
}

// errJobsFailed ends a command whose failures have been told already.
var errJobsFailed = &exitError{exitFailed, errors.New("jobs failed")}

// interruption is the cause of a context that a signal ended.
type interruption struct{ signal os.Signal }

func (i *interruption) Error() string { return "interrupted by " + i.signal.String() }

func (i *interruption) code() int {
	if i.signal == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}

// exitCode is the code that err stands for.
func exitCode(err error) int {
	var byCode *exitError
	var bySignal *interruption
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &bySignal):
		return bySignal.code()
	case errors.As(err, &byCode):
		return byCode.code
	}
	return exitFailed
}
