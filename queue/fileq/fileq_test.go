package fileq_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/queue/queuetest"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = ".haul/queue"

func open(t *testing.T, fs vfs.FS, cfg fileq.Config) *fileq.Queue {
	t.Helper()
	q, err := fileq.Open(fs, dir, cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return q
}

func TestQueue(t *testing.T) {
	queuetest.Suite(t, func(t *testing.T) queue.Queue { return open(t, vfs.NewMem(), fileq.Config{}) })
}

func TestQueueOutlivesItsProcess(t *testing.T) {
	queuetest.Durable(t, func(t *testing.T) queuetest.Open {
		fs := vfs.NewMem()
		return func(t *testing.T) queue.Queue { return open(t, fs, fileq.Config{Resume: true}) }
	})
}

func TestQueueOnARealFileSystem(t *testing.T) {
	queuetest.Durable(t, func(t *testing.T) queuetest.Open {
		fs, err := vfs.NewOS(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := fs.Close(); err != nil {
				t.Error(err)
			}
		})
		return func(t *testing.T) queue.Queue { return open(t, fs, fileq.Config{Resume: true}) }
	})
}
