//go:build !unix

package main

import "io/fs"

// inodeOf is 0, which says nothing, where files have no such number.
func inodeOf(fs.FileInfo) uint64 { return 0 }
