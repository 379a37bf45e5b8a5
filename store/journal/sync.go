package journal

import (
	"context"
	"errors"
	"fmt"
)

// Sync makes every record up to upTo durable: it is there after a power cut.
// Callers at the same moment share one sync of the disk. A ctx that ends while
// the disk is busy ends only the wait.
//
// A sync that fails is never tried again, since the system may have forgotten
// what it could not write: the log has failed, with an error that wraps
// ErrFailed.
func (l *Log) Sync(ctx context.Context, upTo LSN) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	upTo = min(upTo, l.last)
	if err := l.flush(upTo); err != nil {
		return err
	}
	for l.durable < upTo {
		switch {
		case l.err != nil:
			return l.err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case l.syncing:
			l.wait(ctx)
		default:
			l.syncing = true
			l.syncSegment()
			l.syncing = false
			l.changed.Broadcast()
		}
	}
	return nil
}

// syncSegment makes durable what is written. Older segments are so already.
// l.mu and syncing are held; l.mu is let go during the sync.
func (l *Log) syncSegment() {
	seg, upTo := l.seg, l.written
	l.mu.Unlock()
	err := seg.f.Sync()
	l.mu.Lock()
	if err != nil {
		l.fail(fmt.Errorf("journal: sync %s: %w", seg.file, err))
		return
	}
	l.durable = max(l.durable, upTo)
}

// wait waits for a change, or for the end of ctx. l.mu is held.
func (l *Log) wait(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.changed.Broadcast()
	})
	l.changed.Wait()
	stop()
}

// MarkDurable tells the log that every record up to upTo is durable because a
// vfs.FS.SyncAll that began after Flush(upTo) had returned nil has returned nil
// too. Every later frame says so, which lets Open tell a lost end from a torn
// one. On a log that has failed it does nothing.
func (l *Log) MarkDurable(upTo LSN) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.durable = max(l.durable, min(upTo, l.written))
	}
}

// Durable is the last record that is known to be durable.
func (l *Log) Durable() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// Close makes everything durable that was appended and releases the log. Its
// last frame says that all is durable, so that any later damage is found. A
// second Close returns nil.
func (l *Log) Close() error {
	l.snapshot.Lock() // a Checkpoint that runs ends first
	defer l.snapshot.Unlock()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	last := l.last
	l.mu.Unlock()

	err := l.Sync(context.Background(), last)

	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.seg.end > headerSize {
		l.append(markType, nil)
		err = l.flush(l.last)
	}
	for l.writing || l.syncing {
		l.changed.Wait()
	}
	if l.err == nil {
		l.err = ErrClosed
	}
	l.changed.Broadcast()
	if cl := l.seg.f.Close(); cl != nil {
		err = errors.Join(err, fmt.Errorf("journal: close %s: %w", l.seg.file, cl))
	}
	return err
}
