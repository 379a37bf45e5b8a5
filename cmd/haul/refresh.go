package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
)

// maxRefreshed bounds what is taken of what a refresh command prints.
const maxRefreshed = 64 << 10

// refreshBy has a program say where a file is now whose URL has expired. It gets
// the URL as its argument, never through a shell, and prints new ones, a line
// each.
func refreshBy(command string) (func(context.Context, downloader.Request, error) ([]string, error), error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return nil, usageErrorf("--refresh-command takes the name of a program, without arguments: %w", err)
	}
	return func(ctx context.Context, r downloader.Request, _ error) ([]string, error) {
		out, err := exec.CommandContext(ctx, path, r.URLs[0]).Output()
		if err != nil {
			return nil, fmt.Errorf("refresh command: %w", err)
		}
		var urls []string
		for line := range bytes.Lines(out[:min(len(out), maxRefreshed)]) {
			raw := strings.TrimSpace(string(line))
			if raw == "" {
				continue
			}
			u, err := list.CleanURL(raw)
			if err != nil {
				return nil, fmt.Errorf("refresh command: %w", err)
			}
			urls = append(urls, u)
		}
		return urls, nil
	}, nil
}
