package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/diskstore"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// memory is what earlier runs, and perhaps one that works at this moment, left
// in an output directory. Looking at it changes nothing.
type memory struct {
	fs    *vfs.OS
	files *diskstore.View
	jobs  fileq.Report // empty if there was never a run
}

// recall opens the memory of a directory. The caller closes it.
func recall(dir string) (_ *memory, err error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if err == nil {
			err = errors.New("it is not a directory")
		}
		return nil, placeErrorf("output directory %q: %w", dir, err)
	}
	m := &memory{}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.fs, err = vfs.NewOS(dir); err != nil {
		return nil, explainPlace(dir, err)
	}
	switch m.files, err = diskstore.Inspect(m.fs); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, placeErrorf("output directory %q: nothing was downloaded to it yet; name another one with -d", dir)
	case err != nil:
		return nil, placeErrorf("output directory %q: %w", dir, err)
	}
	if m.jobs, err = fileq.Inspect(m.fs, queueDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, placeErrorf("output directory %q: %w", dir, err)
	}
	return m, nil
}

func (m *memory) close() error {
	var errs []error
	if m.files != nil {
		errs = append(errs, m.files.Close())
	}
	if m.fs != nil {
		errs = append(errs, m.fs.Close())
	}
	return errors.Join(errs...)
}

// addPlaceFlags gives the flags that say where the state is, to commands that
// look at what a download left.
func addPlaceFlags(fs *pflag.FlagSet, o *options) *flags {
	f := &flags{FlagSet: fs, group: "Flags"}
	f.text(&o.dir, "dir", "d", "look at what was downloaded to `DIR`")
	f.text(&o.confPath, "conf-path", "", "read NAME=VALUE lines from `FILE`")
	f.yesNo(&o.noConf, "no-conf", "", "read no configuration file")
	return f
}
