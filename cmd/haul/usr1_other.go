//go:build !unix

package main

// onSnapshotSignal does nothing where there is no such signal.
func onSnapshotSignal(func()) (stop func()) { return func() {} }
