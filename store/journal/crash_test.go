package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

var errDisk = errors.New("injected disk error")

var seeds = flag.Uint64("seeds", 24, "trials of the crash test, of some hundred crashes each")

// trial is one run of a log on a disk that may crash before any operation. It
// keeps what was promised and looks, at many of these moments, whether it would
// be kept.
type trial struct {
	rng    *rand.Rand
	disk   *vfs.Mem
	mutate func(vfs.FS) vfs.FS // what is made wrong on purpose
	every  int                 // look before one operation in so many
	faults bool                // the disk fails now and then

	segment int64 // size of a segment
	body    int   // of the largest record

	log      *Log
	appended []string // all records taken, in order
	flushed  int      // how many of them must survive a kill
	synced   int      // and a power cut
	quiet    bool     // no faults at the moment

	crashes  int
	problems []string
}

func newTrial(seed uint64, mutate func(vfs.FS) vfs.FS) *trial {
	t := &trial{rng: rand.New(rand.NewPCG(seed, 7)), disk: vfs.NewMem(), mutate: mutate, every: 4, faults: seed%2 == 0}
	t.segment, t.body = 400, 60 // many segments
	if seed%4 >= 2 {
		t.segment, t.body = 20_000, 1500 // frames over many sectors
	}
	return t
}

func asIs(fsys vfs.FS) vfs.FS { return fsys }

func (t *trial) options(o *Options) { o.SegmentSize = t.segment }

// plan looks at the disk, and lets an operation fail.
func (t *trial) plan(op vfs.Op) vfs.Fault {
	if op.Changes() && t.rng.IntN(t.every) == 0 {
		t.look()
	}
	if !t.faults || t.quiet || t.rng.IntN(40) > 0 {
		return vfs.Fault{}
	}
	switch op.Kind {
	case vfs.OpWrite:
		return vfs.Fault{Err: vfs.ErrNoSpace, Short: t.rng.IntN(op.Len + 1)}
	case vfs.OpSync, vfs.OpOpen, vfs.OpTruncate, vfs.OpRename:
		return vfs.Fault{Err: errDisk}
	}
	return vfs.Fault{}
}

// look crashes copies of the disk in three ways.
func (t *trial) look() {
	t.crashes += 3
	t.verify("kill", t.disk.KillClone(), t.flushed)
	t.verify("power cut", t.disk.CrashClone(t.rng, 0.5), t.synced)
	t.verify("power cut that loses all", t.disk.CrashClone(t.rng, 0), t.synced)
}

func (t *trial) problem(format string, args ...any) {
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

// verify opens a log after a crash, goes on with it, crashes again, and opens
// it once more. min records must be there, and none that were never appended.
func (t *trial) verify(how string, disk *vfs.Mem, min int) {
	l, got, err := tryOpen(t.mutate(disk), t.options)
	if err != nil {
		t.problem("after a %s: %v", how, err)
		return
	}
	t.compare(how, got, min)
	lsn, err := l.Append(1, []byte("after"))
	if err == nil {
		err = l.Sync(context.Background(), lsn)
	}
	if err != nil {
		t.problem("going on after a %s: %v", how, err)
		return
	}
	_, again, err := tryOpen(t.mutate(disk.CrashClone(t.rng, 0.5)), t.options)
	if err != nil {
		t.problem("second crash after a %s: %v", how, err)
	} else if want := append(got, "after"); !slices.Equal(again, want) {
		t.problem("second crash after a %s: got %d records, want %d", how, len(again), len(want))
	}
}

func (t *trial) compare(how string, got []string, min int) {
	switch {
	case len(got) < min:
		t.problem("after a %s: %d records, %d were promised", how, len(got), min)
	case len(got) > len(t.appended) || !slices.Equal(got, t.appended[:len(got)]):
		t.problem("after a %s: records that were never appended: %q", how, got)
	}
}

// reopen opens the log as a new process does. Faults may make that fail; the
// last try is without.
func (t *trial) reopen(how string, min int) bool {
	for try := range 4 {
		t.quiet = try == 3
		l, got, err := tryOpen(t.mutate(vfs.NewFaulty(t.disk, t.plan)), t.options)
		t.quiet = false
		if err == nil {
			t.compare(how, got, min)
			t.log, t.appended, t.flushed, t.synced = l, got, len(got), len(got)
			return true
		}
		if !errors.Is(err, errDisk) && !errors.Is(err, vfs.ErrNoSpace) {
			t.problem("reopening after a %s: %v", how, err)
			return false
		}
	}
	t.problem("reopening after a %s does not work without faults either", how)
	return false
}

// run does steps at random.
func (t *trial) run(steps int) {
	if !t.reopen("start", 0) {
		return
	}
	for i := range steps {
		if len(t.problems) > 0 {
			return
		}
		if err := t.step(i); errors.Is(err, ErrFailed) && !t.reopen("failure", t.flushed) {
			return
		}
	}
}

// step does one thing at random. The promises of what returned nil are noted.
func (t *trial) step(i int) error {
	switch t.rng.IntN(14) {
	case 0, 1:
		return t.syncNow()
	case 2:
		return t.syncAll()
	case 3:
		return t.checkpoint()
	case 4:
		return t.restart()
	case 5, 6, 7:
		return t.flushNow()
	}
	body := fmt.Sprintf("%d %s", i, strings.Repeat("x", t.rng.IntN(t.body)))
	_, err := t.log.Append(1, []byte(body))
	if err == nil {
		t.appended = append(t.appended, body)
	}
	return err
}

func (t *trial) flushNow() error {
	err := t.log.Flush(t.log.Last())
	if err == nil {
		t.flushed = len(t.appended)
	}
	return err
}

func (t *trial) syncNow() error {
	err := t.log.Sync(context.Background(), t.log.Last())
	if err == nil {
		t.flushed, t.synced = len(t.appended), len(t.appended)
	}
	return err
}

func (t *trial) syncAll() error {
	if err := t.flushNow(); err != nil {
		return err
	}
	last := t.log.Last()
	if err := t.mutate(t.disk).SyncAll(); err != nil {
		return err
	}
	t.synced = t.flushed
	t.log.MarkDurable(last)
	return nil
}

func (t *trial) checkpoint() error {
	err := t.log.Checkpoint(t.log.Last(), snapshot(t.appended))
	if err == nil {
		t.flushed, t.synced = len(t.appended), len(t.appended)
	}
	return err
}

// restart ends the process in one of three ways and begins the next one.
func (t *trial) restart() error {
	how, min := "kill", t.flushed
	switch t.rng.IntN(3) {
	case 0:
		how = "close"
		if err := t.log.Close(); err == nil {
			min = len(t.appended)
		}
	case 1:
		t.disk = t.disk.KillClone()
	case 2:
		how, min = "power cut", t.synced
		t.flushed = t.synced
		t.disk = t.disk.CrashClone(t.rng, t.rng.Float64())
	}
	t.reopen(how, min)
	return nil
}

func TestNothingAcknowledgedIsLostInAnyCrash(t *testing.T) {
	crashes := 0
	for seed := range *seeds {
		tr := newTrial(seed, asIs)
		tr.run(60)
		crashes += tr.crashes
		if len(tr.problems) > 0 {
			t.Fatalf("seed %d: %s", seed, tr.problems[0])
		}
	}
	if crashes < int(*seeds)*40 {
		t.Errorf("only %d crashes in %d trials", crashes, *seeds)
	}
	t.Logf("%d crashes in %d trials", crashes, *seeds)
}

// skip leaves operations out.
func skip(which func(vfs.Op) bool) func(vfs.FS) vfs.FS {
	return func(fsys vfs.FS) vfs.FS {
		return vfs.NewFaulty(fsys, func(op vfs.Op) vfs.Fault { return vfs.Fault{Skip: which(op)} })
	}
}

func isLog(name string) bool { return strings.HasSuffix(name, ".log") }

// TestCrashTestsSeeEachMistake makes the mistakes that lose data, one at a
// time, and wants the trials above to find each.
func TestCrashTestsSeeEachMistake(t *testing.T) {
	mistakes := map[string]func(vfs.FS) vfs.FS{
		"records not synced":           skip(func(op vfs.Op) bool { return op.Kind == vfs.OpSync && isLog(op.Name) }),
		"checkpoint not synced":        skip(func(op vfs.Op) bool { return op.Kind == vfs.OpSync && !isLog(op.Name) }),
		"directory not synced":         skip(func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir }),
		"checksum not looked at":       func(fsys vfs.FS) vfs.FS { return trusting{fsys} },
		"torn end left standing":       skip(func(op vfs.Op) bool { return op.Kind == vfs.OpTruncate }),
		"going on after a short write": func(fsys vfs.FS) vfs.FS { return appendOnly{fsys} },
		"failed sync not heard":        func(fsys vfs.FS) vfs.FS { return deaf{fsys} },
		"end synced, not rewritten":    func(fsys vfs.FS) vfs.FS { return noRewrite{fsys} },
	}
	for name, mistake := range mistakes {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(400) {
				tr := newTrial(seed, mistake)
				tr.run(60)
				if len(tr.problems) > 0 {
					t.Logf("seed %d: %s", seed, tr.problems[0])
					return
				}
			}
			t.Error("no trial has seen it")
		})
	}
}

// appendOnly writes to segments wherever they end and never cuts anything off.
type appendOnly struct{ vfs.FS }

func (a appendOnly) OpenFile(name string, flag int) (vfs.File, error) {
	f, err := a.FS.OpenFile(name, flag)
	if err != nil || !isLog(name) || flag&vfs.Excl == 0 {
		return f, err
	}
	return appendOnlyFile{f}, nil
}

type appendOnlyFile struct{ vfs.File }

func (f appendOnlyFile) WriteAt(p []byte, _ int64) (int, error) {
	end, err := f.Size()
	if err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, end)
}

func (f appendOnlyFile) Truncate(int64) error { return nil }

// deaf does not hear that a sync failed.
type deaf struct{ vfs.FS }

func (d deaf) OpenFile(name string, flag int) (vfs.File, error) {
	f, err := d.FS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return deafFile{f}, nil
}

type deafFile struct{ vfs.File }

func (f deafFile) Sync() error {
	_ = f.File.Sync() // the mistake
	return nil
}

// noRewrite leaves out what Open writes to the segments that it finds.
type noRewrite struct{ vfs.FS }

func (n noRewrite) OpenFile(name string, flag int) (vfs.File, error) {
	f, err := n.FS.OpenFile(name, flag)
	if err != nil || !isLog(name) || flag&vfs.Excl != 0 {
		return f, err
	}
	return noRewriteFile{f}, nil
}

type noRewriteFile struct{ vfs.File }

func (noRewriteFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// trusting shows every frame with the checksum that its bytes have.
type trusting struct{ vfs.FS }

func (tr trusting) OpenFile(name string, flag int) (vfs.File, error) {
	f, err := tr.FS.OpenFile(name, flag)
	if err != nil || !isLog(name) {
		return f, err
	}
	return trustingFile{f}, nil
}

type trustingFile struct{ vfs.File }

func (f trustingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if n != frameHeader {
		return n, err
	}
	head := make([]byte, headerSize)
	payload := make([]byte, min(getFrame(p).length, 1<<16))
	if _, err := f.File.ReadAt(head, 0); err != nil {
		return n, nil
	}
	if h, err := decodeHeader("", head); err == nil {
		got, _ := f.File.ReadAt(payload, off+frameHeader)
		binary.LittleEndian.PutUint32(p[20:], frameSum(h.seed(), p[:20], payload[:got]))
	}
	return n, err
}
