package diskstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-9a1263fe/haul/store"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// version is one content that an object may have, by its ETag.
type version struct {
	etag string
	data []byte
}

// subject is one object of the crash tests and what the store has promised of
// it so far.
type subject struct {
	owner    store.Owner
	key      store.Key
	versions []version

	// Promises, changed only between operations of the store.
	published  string        // ETag of the version that Publish returned nil for
	publishing string        // ETag of one that may be visible already
	committed  []store.Range // of the version in etag
	etag       string        // of what is unfinished
	resetting  bool          // the promises of committed are being withdrawn
	latest     int           // version that was begun last
}

// world is a run of the protocol on a disk that may be looked at after every
// operation.
type world struct {
	t        *testing.T
	cfg      Config
	disk     *vfs.Mem
	fs       vfs.FS
	store    *Store
	subjects []*subject
}

func bytesOf(seed string, n int) []byte {
	p := make([]byte, 0, n+32)
	for i := 0; len(p) < n; i++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint32([]byte(seed), uint32(i)))
		p = append(p, sum[:]...)
	}
	return p[:n]
}

func (w *world) subject(key store.Key, sizes ...int) *subject {
	sum := sha256.Sum256([]byte(key))
	s := &subject{owner: store.Owner(sum[:16]), key: key}
	for i, n := range sizes {
		etag := fmt.Sprintf(`"%s-%d"`, key, i)
		s.versions = append(s.versions, version{etag, bytesOf(etag, n)})
	}
	w.subjects = append(w.subjects, s)
	return s
}

func (s *subject) version(etag string) version {
	for _, v := range s.versions {
		if v.etag == etag {
			return v
		}
	}
	panic("no version " + etag)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reopen() {
	w.t.Helper()
	s, err := Open(w.fs, w.cfg)
	w.must(err)
	w.store = s
}

func (w *world) close() {
	w.t.Helper()
	w.must(w.store.Close())
}

func (w *world) open(s *subject) store.Object {
	w.t.Helper()
	o, err := w.store.Open(context.Background(), s.owner, s.key)
	w.must(err)
	return o
}

func (w *world) reset(o store.Object, s *subject, v int) {
	w.t.Helper()
	s.resetting, s.latest, s.committed = true, v, nil
	w.must(o.Reset(context.Background(), store.Identity{Size: int64(len(s.versions[v].data)), ETag: s.versions[v].etag}))
	s.etag, s.resetting = s.versions[v].etag, false
}

func (w *world) write(o store.Object, s *subject, off, end int) {
	w.t.Helper()
	_, err := o.WriteAt(s.version(s.etag).data[off:end], int64(off))
	w.must(err)
}

func (w *world) commit(o store.Object, s *subject, off, end int) {
	w.t.Helper()
	w.write(o, s, off, end)
	r := store.Range{Off: int64(off), End: int64(end)}
	w.must(o.Commit(context.Background(), r))
	s.committed = append(s.committed, r)
}

func (w *world) publish(o store.Object, s *subject) {
	w.t.Helper()
	s.publishing = s.etag
	_, err := o.Publish(context.Background(), store.Want{})
	w.must(err)
	s.published, s.publishing, s.committed, s.etag = s.etag, "", nil, ""
}

func (w *world) put(s *subject, v int) {
	w.t.Helper()
	o := w.open(s)
	w.reset(o, s, v)
	if n := len(s.version(s.etag).data); n > 0 {
		w.write(o, s, 0, n)
	}
	w.publish(o, s)
}

// protocol goes through everything that a store does.
func (w *world) protocol() {
	small, nested, empty := w.subject("small", 100), w.subject("d/e/nested", 5000), w.subject("empty", 0)
	large, changed := w.subject("d/large", 64<<10), w.subject("changed", 24<<10, 20<<10)
	dropped, again := w.subject("dropped", 16<<10, 12<<10), w.subject("again", 9000, 9000)
	late, kept := w.subject("late", 3000), w.subject("kept", 32<<10)

	w.reopen()
	w.put(small, 0)
	o := w.open(large)
	w.reset(o, large, 0)
	w.commit(o, large, 16<<10, 32<<10)
	w.put(nested, 0)
	w.must(w.store.syncAll())
	w.commit(o, large, 0, 16<<10)
	w.put(empty, 0)
	w.write(o, large, 32<<10, 60<<10)

	c := w.open(changed)
	w.reset(c, changed, 0)
	w.commit(c, changed, 0, 12<<10)
	w.must(w.store.syncAll())
	w.reset(c, changed, 1)
	w.write(c, changed, 0, 8<<10)
	w.commit(c, changed, 8<<10, 14<<10)
	w.must(c.Close())

	d := w.open(dropped)
	w.reset(d, dropped, 0)
	w.commit(d, dropped, 0, 16<<10)
	w.must(w.store.syncAll())
	dropped.resetting, dropped.committed = true, nil
	w.must(d.Discard(context.Background()))
	dropped.resetting, dropped.etag = false, ""
	w.put(dropped, 1)
	w.put(again, 0)
	w.close() // large is open, and what was committed of it is kept

	w.reopen()
	o = w.open(large)
	w.write(o, large, 32<<10, 64<<10)
	w.publish(o, large)
	w.put(again, 1)
	c = w.open(changed)
	w.write(c, changed, 0, 8<<10)
	w.commit(c, changed, 0, 8<<10)
	w.must(w.store.checkpoint())
	w.write(c, changed, 14<<10, 20<<10)
	w.publish(c, changed)
	k := w.open(kept)
	w.reset(k, kept, 0)
	w.commit(k, kept, 4096, 20<<10)
	w.must(w.store.syncAll())
	w.commit(k, kept, 20<<10, 32<<10)
	w.put(late, 0)
	w.close()
}

// tabled publishes enough for tables to be written and merged.
func (w *world) tabled() {
	var all []*subject
	for i := range 5 {
		all = append(all, w.subject(store.Key(fmt.Sprintf("t%d", i)), 10+i, 20+i))
	}
	w.reopen()
	for i, s := range all {
		w.put(s, 0)
		if i == 2 {
			w.must(w.store.syncAll())
		}
		w.spill()
	}
	w.put(all[1], 1)
	w.put(all[4], 1)
	w.spill()
	w.close()
	w.reopen()
	w.put(all[2], 1)
	w.spill()
	w.close()
}

// spill writes a table of whatever is in memory, here and now.
func (w *world) spill() {
	w.t.Helper()
	usual := w.store.cfg.Recent
	w.store.cfg.Recent = 1
	w.must(w.store.spillAndMerge(context.Background()))
	w.store.cfg.Recent = usual
}

// enough crashes that went wrong tell what there is to tell.
const enough = 6

// crashes runs a protocol, lets the disk crash after every operation that
// changes it, and returns what was wrong afterwards.
func crashes(t *testing.T, d Durability, protocol func(*world), rounds int, mutate vfs.Plan) []string {
	disk := vfs.NewMem()
	// What runs by itself otherwise runs here when the protocol has it.
	w := &world{t: t, cfg: Config{Durability: d, SyncEvery: 1 << 60}, disk: disk}
	var mu sync.Mutex
	var wrong []string
	looking := false
	plan := func(op vfs.Op) vfs.Fault {
		mu.Lock()
		defer mu.Unlock()
		if op.Changes() && !looking && len(wrong) < enough {
			looking = true
			for i := range rounds {
				rng := rand.New(rand.NewPCG(1, uint64(op.N)<<16|uint64(i)))
				keep := []float64{0, 0.5, 0.9, 1}[(int(op.N)+i)%4]
				if err := w.afterCrash(disk.CrashClone(rng, keep)); err != nil {
					wrong = append(wrong, fmt.Sprintf("power cut before operation %d (%s %s), round %d: %v", op.N, op.Kind, op.Name, i, err))
				}
			}
			if err := w.afterKill(disk.KillClone()); err != nil {
				wrong = append(wrong, fmt.Sprintf("kill before operation %d (%s %s): %v", op.N, op.Kind, op.Name, err))
			}
			looking = false
		}
		if mutate != nil {
			return mutate(op)
		}
		return vfs.Fault{}
	}
	w.fs = vfs.NewFaulty(disk, plan)
	protocol(w)
	return wrong
}

// afterKill checks that nothing acknowledged is missing.
func (w *world) afterKill(disk *vfs.Mem) error {
	return w.look(disk, func(s *subject, info store.Info, err error) error {
		switch {
		case s.published != "" && s.publishing == "" && (err != nil || info.State != store.Published || info.Identity.ETag != s.published):
			return fmt.Errorf("%s: published object: got %+v, %v", s.key, info, err)
		case s.resetting || s.publishing != "" || s.published != "":
			return nil
		}
		var want store.Extents
		for _, r := range s.committed {
			want.Add(r)
		}
		if err == nil && info.Present < want.Len() || err != nil && want.Len() > 0 {
			return fmt.Errorf("%s: %d bytes were committed, got %+v, %v", s.key, want.Len(), info, err)
		}
		return nil
	})
}

// afterCrash checks that nothing is told that is not so. With Strict nothing
// acknowledged may be missing either.
func (w *world) afterCrash(disk *vfs.Mem) error {
	if w.cfg.Durability == Strict {
		for _, s := range w.subjects {
			if got, err := readFile(disk, string(s.key)); err == nil && !s.whole(got) {
				return fmt.Errorf("%s: visible with %d bytes that are no version of it", s.key, len(got))
			}
		}
		return w.afterKill(disk)
	}
	return w.look(disk, func(*subject, store.Info, error) error { return nil })
}

func (s *subject) whole(got []byte) bool {
	for _, v := range s.versions {
		if bytes.Equal(got, v.data) {
			return true
		}
	}
	return false
}

// look opens the store on a disk, checks everything that it tells, and then
// finishes every object, as the next run would.
func (w *world) look(disk *vfs.Mem, judge func(*subject, store.Info, error) error) (err error) {
	cfg := w.cfg
	s, err := Open(disk, cfg)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx := context.Background()
	for _, sub := range w.subjects {
		info, err := s.Stat(ctx, sub.owner)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s: stat: %w", sub.key, err)
		}
		if err := judge(sub, info, err); err != nil {
			return err
		}
		if err == nil && info.State == store.Published {
			got, err := readFile(disk, string(sub.key))
			if err != nil || !bytes.Equal(got, sub.version(info.Identity.ETag).data) {
				return fmt.Errorf("%s: told to be published as %s, holds %d other bytes (%v)", sub.key, info.Identity.ETag, len(got), err)
			}
			continue
		}
		err = finishObject(ctx, s, sub)
		if errors.Is(err, store.ErrExists) && sub.tornFromEarlier(disk) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: finish: %w", sub.key, err)
		}
		got, err := readFile(disk, string(sub.key))
		if err != nil || !sub.whole(got) {
			return fmt.Errorf("%s: finished, and holds %d bytes that are no version of it (%v)", sub.key, len(got), err)
		}
	}
	return nil
}

// tornFromEarlier reports whether what is visible is left of a version before
// the one that is fetched now. Without its record it cannot be told from a file
// of somebody else, and stays.
func (s *subject) tornFromEarlier(disk *vfs.Mem) bool {
	got, err := readFile(disk, string(s.key))
	return err == nil && slices.ContainsFunc(s.versions[:s.latest], func(v version) bool {
		return len(got) <= len(v.data) && tornSectors(got, v.data)
	})
}

// finishObject fetches what is missing of an object, of the version that was
// begun, and publishes it.
func finishObject(ctx context.Context, s *Store, sub *subject) error {
	o, err := s.Open(ctx, sub.owner, sub.key)
	if err != nil {
		return err
	}
	defer o.Close()
	etag := o.Identity().ETag
	if etag == "" {
		v := sub.versions[sub.latest]
		etag = v.etag
		if err := o.Reset(ctx, store.Identity{Size: int64(len(v.data)), ETag: etag}); err != nil {
			return err
		}
	}
	data := sub.version(etag).data
	e := o.Extents()
	for r := range e.Missing(int64(len(data))) {
		if _, err := o.WriteAt(data[r.Off:r.End], r.Off); err != nil {
			return err
		}
	}
	_, err = o.Publish(ctx, store.Want{})
	return err
}

func readFile(fsys vfs.FS, name string) ([]byte, error) {
	f, err := fsys.OpenFile(name, vfs.ReadOnly)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := f.Size()
	if err != nil {
		return nil, err
	}
	p := make([]byte, n)
	if _, err := f.ReadAt(p, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return p, nil
}

func TestACrashAfterAnyOperationCostsNoTruth(t *testing.T) {
	for name, protocol := range map[string]func(*world){"": (*world).protocol, " with tables": (*world).tabled} {
		for _, d := range []Durability{Interval, Strict, None} {
			t.Run(d.String()+name, func(t *testing.T) {
				t.Parallel()
				wrong := crashes(t, d, protocol, 3, nil)
				if len(wrong) > 0 {
					t.Errorf("crashes that went wrong:\n%s", strings.Join(wrong, "\n"))
				}
			})
		}
	}
}

// TestTheCrashTestSeesEachMistake leaves out one kind of step at a time, and
// wants the checks above to notice.
func TestTheCrashTestSeesEachMistake(t *testing.T) {
	sync := func(op vfs.Op, suffix string) bool {
		return op.Kind == vfs.OpSync && strings.HasSuffix(op.Name, suffix)
	}
	for name, m := range map[string]struct {
		d       Durability
		mistake func(op vfs.Op, begun bool) bool
	}{
		"strict: data not synced": {Strict, func(op vfs.Op, _ bool) bool { return sync(op, partSuffix) }},
		"strict: log not synced":  {Strict, func(op vfs.Op, begun bool) bool { return begun && sync(op, ".log") }},
		"strict: directory not synced": {Strict, func(op vfs.Op, _ bool) bool {
			return op.Kind == vfs.OpSyncDir && op.Name != store.StateDir
		}},
		"interval: nothing synced":            {Interval, func(op vfs.Op, _ bool) bool { return op.Kind == vfs.OpSyncAll }},
		"interval: bytes given up in passing": {Interval, func(op vfs.Op, begun bool) bool { return begun && sync(op, ".log") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(map[string]bool) // the first sync of a log is of its header
			plan := func(op vfs.Op) vfs.Fault {
				begun := seen[op.Name]
				seen[op.Name] = begun || op.Kind == vfs.OpSync
				return vfs.Fault{Skip: m.mistake(op, begun)}
			}
			wrong := crashes(t, m.d, (*world).protocol, 4, plan)
			if len(wrong) == 0 {
				t.Fatal("nobody noticed")
			}
			t.Logf("%.300s", wrong[0])
		})
	}
}
