package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed-9a1263fe/haul/store/vfs"
)

func TestFullDiskLosesNothingAndGoesOnWhenThereIsRoom(t *testing.T) {
	for room := int64(headerSize); room < headerSize+200; room++ {
		m := vfs.NewMem()
		disk := vfs.NewDisk(room)
		l, _ := open(t, vfs.NewFaulty(m, disk.Plan))
		var kept []string
		for _, w := range words(8) {
			lsn, err := l.Append(1, []byte(w))
			if err != nil {
				t.Fatalf("room for %d: append: %v", room, err)
			}
			kept = append(kept, w)
			if err := l.Flush(lsn); err != nil {
				if !errors.Is(err, vfs.ErrNoSpace) || errors.Is(err, ErrFailed) {
					t.Fatalf("room for %d: flush: %v, want ErrNoSpace alone", room, err)
				}
				if _, got := open(t, m.KillClone()); !slices.Equal(got, kept[:len(kept)-1]) {
					t.Fatalf("room for %d: killed when full: got %q, want all but the last of %q", room, got, kept)
				}
				disk.Grow(1000)
				if err := l.Flush(lsn); err != nil {
					t.Fatalf("room for %d: flush with room: %v", room, err)
				}
			}
		}
		closeLog(t, l)
		if _, got := open(t, m); !slices.Equal(got, kept) {
			t.Fatalf("room for %d: got %q, want %q", room, got, kept)
		}
	}
}

func TestFullBufferRefusesRecordsWhileTheDiskIsFull(t *testing.T) {
	m := vfs.NewMem()
	disk := vfs.NewDisk(headerSize)
	l, _ := open(t, vfs.NewFaulty(m, disk.Plan))
	big := strings.Repeat("x", defaultMaxRecord)
	taken := 0
	for {
		_, err := l.Append(1, []byte(big))
		if err != nil {
			if !errors.Is(err, vfs.ErrNoSpace) {
				t.Fatal(err)
			}
			break
		}
		if taken++; taken > 100 {
			t.Fatal("the buffer has no bound")
		}
	}
	disk.Grow(1 << 30)
	closeLog(t, l)
	if _, got := open(t, m); len(got) != taken {
		t.Errorf("got %d records, want the %d that were taken", len(got), taken)
	}
}

func TestLogStopsWhenAShortWriteCannotBeCutOff(t *testing.T) {
	m := vfs.NewMem()
	broken := false
	l, _ := open(t, vfs.NewFaulty(m, func(op vfs.Op) vfs.Fault {
		switch {
		case broken && op.Kind == vfs.OpWrite:
			return vfs.Fault{Err: errDisk, Short: 30}
		case broken && op.Kind == vfs.OpTruncate:
			return vfs.Fault{Err: errDisk}
		}
		return vfs.Fault{}
	}))
	add(t, l, "good")
	broken = true
	lsn, err := l.Append(1, []byte("a body of more than thirty bytes"))
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "flush", l.Flush(lsn), ErrFailed)
	wantErr(t, "flush", l.Flush(lsn), errDisk)
	broken = false
	wantErr(t, "flush once it would work", l.Flush(lsn), ErrFailed)
	_, err = l.Append(1, nil)
	wantErr(t, "append", err, ErrFailed)
	wantErr(t, "checkpoint", l.Checkpoint(lsn, snapshot(nil)), ErrFailed)
	if err := l.Flush(1); err != nil {
		t.Errorf("what was flushed before: %v", err)
	}
	wantErr(t, "close", l.Close(), ErrFailed)
	if _, got := open(t, m); !slices.Equal(got, []string{"good"}) {
		t.Errorf("got %q, want what was flushed", got)
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestFailedSyncIsNeverRepeated(t *testing.T) {
	m := vfs.NewMem()
	syncs := 0
	fail := false
	l, _ := open(t, vfs.NewFaulty(m, func(op vfs.Op) vfs.Fault {
		if op.Kind == vfs.OpSync {
			syncs++
			if fail {
				fail = false
				return vfs.Fault{Err: errDisk}
			}
		}
		return vfs.Fault{}
	}))
	ctx := context.Background()
	add(t, l, "durable")
	if err := l.Sync(ctx, 1); err != nil {
		t.Fatal(err)
	}
	lost := []string{strings.Repeat("a", 9000), strings.Repeat("b", 9000), "c"} // in blocks of their own
	add(t, l, lost...)
	before := syncs
	fail = true
	for range 3 {
		err := l.Sync(ctx, 4)
		wantErr(t, "sync", err, ErrFailed)
		wantErr(t, "sync", err, errDisk)
	}
	if syncs != before+1 {
		t.Errorf("%d syncs after the failed one", syncs-before-1)
	}
	if err := l.Sync(ctx, 1); err != nil {
		t.Errorf("sync of what is durable: %v", err)
	}
	l.MarkDurable(4)
	if l.Durable() != 1 {
		t.Errorf("durable up to %d, want 1", l.Durable())
	}
	// A new process reads it from memory, and must bring it to the disk.
	want := append([]string{"durable"}, lost...)
	if _, got := open(t, m); !slices.Equal(got, want) {
		t.Errorf("got %d records, want %d", len(got), len(want))
	}
	after := m.CrashClone(rand.New(rand.NewPCG(1, 1)), 0)
	if _, got := open(t, after); !slices.Equal(got, want) {
		t.Errorf("after a power cut got %d records: the end was not written again", len(got))
	}
}

func TestManyCallersAtOnceLoseNothing(t *testing.T) {
	const callers, each = 8, 50
	m := vfs.NewMem()
	l, _ := open(t, m, func(o *Options) { o.SegmentSize = 4000 })
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range each {
				lsn, err := l.Append(1, []byte("x"))
				if err == nil && i%10 == 0 {
					err = l.Sync(context.Background(), lsn)
				} else if err == nil {
					err = l.Flush(lsn)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			at := l.Last()
			if err := l.Checkpoint(at, snapshot(slices.Repeat([]string{"x"}, int(at)))); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	closeLog(t, l)
	if _, got := open(t, m); len(got) != callers*each {
		t.Errorf("got %d records, want %d", len(got), callers*each)
	}
}

// TestFollowersWaitForTheLeader holds up one write and wants all that came
// meanwhile in the next one.
func TestFollowersWaitForTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes []int
		hold := make(chan struct{})
		held := false
		l, _ := open(t, vfs.NewFaulty(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
			if op.Kind == vfs.OpWrite && op.Len != headerSize {
				writes = append(writes, op.Len)
				if !held {
					held = true
					<-hold
				}
			}
			return vfs.Fault{}
		}))
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() { add(t, l, "x") })
			if i == 0 {
				synctest.Wait() // the first one leads and is held up
			}
		}
		synctest.Wait()
		close(hold)
		wg.Wait()
		want := []int{frameHeader + 3, frameHeader + 9*3}
		if !slices.Equal(writes, want) {
			t.Errorf("writes of %v bytes, want %v", writes, want)
		}
		closeLog(t, l)
	})
}

func TestSyncStopsWaitingWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		slow := false
		l, _ := open(t, vfs.NewFaulty(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
			if op.Kind == vfs.OpSync && slow {
				<-hold
			}
			return vfs.Fault{}
		}))
		add(t, l, "x")
		slow = true
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := l.Sync(context.Background(), 1); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		wg.Go(func() { wantErr(t, "sync", l.Sync(ctx, 1), context.Canceled) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(hold)
		wg.Wait()
		closeLog(t, l)
	})
}

// TestCheckpointOfAFreshSegmentIsDurable has no new segment whose creation
// would sync the directory by the way.
func TestCheckpointOfAFreshSegmentIsDurable(t *testing.T) {
	m := vfs.NewMem()
	want := words(3)
	for i := range want {
		l, _ := open(t, m)
		add(t, l, want[i])
		closeLog(t, l)
		l, _ = open(t, m)
		if err := l.Checkpoint(l.Last(), snapshot(want[:i+1])); err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(50) {
			disk := m.CrashClone(rand.New(rand.NewPCG(seed, 1)), 0.5)
			if _, err := disk.Stat(l.checkpoint(l.Last())); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, got := open(t, disk); !slices.Equal(got, want[:i+1]) {
				t.Fatalf("seed %d: got %q, want %q", seed, got, want[:i+1])
			}
		}
		closeLog(t, l)
	}
}
