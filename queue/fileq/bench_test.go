package fileq_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
	"github.com/seed-9a1263fe/haul/store/vfs"
)

// quick is a format of plain lines that costs next to nothing beside the hash
// of the line, so that what is measured is the queue.
type quick struct{}

func (quick) Jobs(r io.Reader, _ int64) iter.Seq2[fileq.Entry, error] {
	return func(yield func(fileq.Entry, error) bool) {
		all, err := io.ReadAll(r)
		if err != nil {
			yield(fileq.Entry{}, err)
			return
		}
		for len(all) > 0 {
			n := bytes.IndexByte(all, '\n') + 1
			if n == 0 {
				n = len(all)
			}
			if !yield(fileq.Entry{Job: lineJob(string(all[:n])), Size: int64(n), Lines: 1}, nil) {
				return
			}
			all = all[n:]
		}
	}
}

// benchList writes a list of n lines of some 60 bytes and opens it.
func benchList(b *testing.B, n int) fileq.List {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "list"))
	ok(b, err)
	b.Cleanup(func() { ok(b, f.Close()) })
	var buf bytes.Buffer
	for i := range n {
		fmt.Fprintf(&buf, "http://download.example.com/some/path/file-%010d.bin\n", i)
		if buf.Len() > 1<<20 || i == n-1 {
			_, err := buf.WriteTo(f)
			ok(b, err)
		}
	}
	info, err := f.Stat()
	ok(b, err)
	return fileq.List{Name: "list", Reader: f, Size: info.Size(), ModTime: info.ModTime(), Format: quick{}}
}

func benchOpen(b *testing.B, fs vfs.FS, cfg fileq.Config, l fileq.List) *fileq.Queue {
	b.Helper()
	q, err := fileq.Open(fs, "queue", cfg)
	ok(b, err)
	addList(b, q, l)
	return q
}

// peak is the most memory that the process ever had, in MB.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	ok(b, err)
	return kb / 1024
}

// BenchmarkTenMillion lends ten million jobs of a list, settles a half of them,
// and opens the queue again. Run it with -benchtime=1x, one Dedupe at a time:
// peak-MB is that of the process.
func BenchmarkTenMillion(b *testing.B) {
	for name, dedupe := range map[string]fileq.Dedupe{"exact": fileq.Exact, "none": fileq.None} {
		b.Run(name, func(b *testing.B) {
			const n = 10_000_000
			defer debug.SetGCPercent(debug.SetGCPercent(50))
			l := benchList(b, n)
			fs, err := vfs.NewOS(b.TempDir())
			ok(b, err)
			defer fs.Close()
			for b.Loop() {
				tenMillion(b, fs, fileq.Config{Dedupe: dedupe}, l, n)
			}
		})
	}
}

func tenMillion(b *testing.B, fs vfs.FS, cfg fileq.Config, l fileq.List, n int) {
	start := time.Now()
	q := benchOpen(b, fs, cfg, l)
	ok(b, q.Seal(b.Context()))
	first := time.Duration(0)
	for i := 0; ; i++ {
		lease, err := q.Next(b.Context())
		if errors.Is(err, queue.ErrDrained) || i == n {
			break
		}
		ok(b, err)
		if i == 0 {
			first = time.Since(start)
		}
		// Half are settled for good, and half wait for their retry.
		if i%2 == 0 {
			ok(b, lease.Ack(b.Context()))
		} else {
			ok(b, lease.Retry(b.Context(), time.Hour))
		}
		if i == n-1 {
			break
		}
	}
	b.ReportMetric(time.Since(start).Seconds(), "lend-s")
	b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	b.ReportMetric(peak(b), "peak-MB")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
	start = time.Now()
	ok(b, q.Close())
	b.ReportMetric(time.Since(start).Seconds(), "close-s")

	start = time.Now()
	q = benchOpen(b, fs, cfg, l)
	next(b, q)
	b.ReportMetric(time.Since(start).Seconds(), "reopen-s")
	ok(b, q.Close())
}

func BenchmarkAck(b *testing.B) {
	fs, err := vfs.NewOS(b.TempDir())
	ok(b, err)
	defer fs.Close()
	q := benchOpen(b, fs, fileq.Config{}, benchList(b, b.N+1))
	leases := make([]queue.Lease, b.N)
	for i := range leases {
		leases[i], _ = next(b, q)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, l := range leases {
		ok(b, l.Ack(b.Context()))
	}
	b.StopTimer()
	ok(b, q.Close())
}

func BenchmarkPut(b *testing.B) {
	fs, err := vfs.NewOS(b.TempDir())
	ok(b, err)
	defer fs.Close()
	q, err := fileq.Open(fs, "queue", fileq.Config{})
	ok(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	_, err = q.Put(b.Context(), func(yield func(queue.Job, error) bool) {
		for i := range b.N {
			if !yield(lineJob(fmt.Sprintf("http://download.example.com/some/path/file-%010d.bin", i)), nil) {
				return
			}
		}
	})
	ok(b, err)
	b.StopTimer()
	ok(b, q.Close())
}

// BenchmarkPutTenMillion puts ten million jobs while another goroutine settles
// them. Run it with -benchtime=1x, one Dedupe at a time.
func BenchmarkPutTenMillion(b *testing.B) {
	for name, dedupe := range map[string]fileq.Dedupe{"exact": fileq.Exact, "none": fileq.None} {
		b.Run(name, func(b *testing.B) {
			const n = 10_000_000
			defer debug.SetGCPercent(debug.SetGCPercent(50))
			fs, err := vfs.NewOS(b.TempDir())
			ok(b, err)
			defer fs.Close()
			for b.Loop() {
				q, err := fileq.Open(fs, "queue", fileq.Config{Dedupe: dedupe})
				ok(b, err)
				put := make(chan error, 1)
				go func() {
					_, err := q.Put(b.Context(), manyJobs(n))
					put <- errors.Join(err, q.Seal(b.Context()))
				}()
				settleAll(b, q)
				ok(b, <-put)
				b.ReportMetric(peak(b), "peak-MB")
				ok(b, q.Close())
			}
		})
	}
}

func manyJobs(n int) iter.Seq2[queue.Job, error] {
	return func(yield func(queue.Job, error) bool) {
		for i := range n {
			if !yield(lineJob(fmt.Sprintf("http://download.example.com/some/path/file-%010d.bin", i)), nil) {
				return
			}
		}
	}
}

func settleAll(b *testing.B, q *fileq.Queue) {
	b.Helper()
	for {
		l, err := q.Next(b.Context())
		if errors.Is(err, queue.ErrDrained) {
			return
		}
		ok(b, err)
		ok(b, l.Ack(b.Context()))
	}
}
