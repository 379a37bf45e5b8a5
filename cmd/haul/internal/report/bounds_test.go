package report

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-9a1263fe/haul/downloader"
)

func TestTopKeepsTheLargestAndOfEqualOnesTheEarlier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranks := rapid.SliceOf(rapid.Int64Range(0, 20)).Draw(t, "ranks")
		kept := top{room: rapid.IntRange(1, 8).Draw(t, "room")}
		type offered struct {
			rank int64
			url  string
		}
		var all []offered
		for i, rank := range ranks {
			all = append(all, offered{rank, fmt.Sprintf("http://h/%d", i)})
			kept.offer(rank, &record{URL: all[i].url})
		}
		slices.SortStableFunc(all, func(a, b offered) int { return cmp.Compare(b.rank, a.rank) })
		all = all[:min(len(all), kept.room)]
		got := kept.files()
		if len(got) != len(all) {
			t.Fatalf("%d files, want %d", len(got), len(all))
		}
		for i := range all {
			if got[i].URL != all[i].url {
				t.Fatalf("file %d is %s, want %s", i, got[i].URL, all[i].url)
			}
		}
	})
}

func TestHostTableStaysSmallAndLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(2, 10).Draw(t, "room")
		hosts := newHostTable(room)
		var files, failed, bytes int64
		for range rapid.IntRange(0, 200).Draw(t, "records") {
			rec := &record{
				URL:          fmt.Sprintf("http://h%d/", rapid.IntRange(0, 30).Draw(t, "host")),
				Status:       rapid.SampledFrom(outcomes[:]).Draw(t, "status"),
				FetchedBytes: rapid.Int64Range(0, 1000).Draw(t, "bytes"),
			}
			hosts.add(rec)
			files, bytes = files+1, bytes+rec.FetchedBytes
			if rec.Status == downloader.Failed {
				failed++
			}
			if len(hosts.hosts) > room {
				t.Fatalf("%d hosts, want at most %d", len(hosts.hosts), room)
			}
		}
		n := rapid.IntRange(1, room).Draw(t, "shown")
		shown, others, rest := hosts.largest(n)
		if len(shown) > n || (others == nil) != (rest == 0) {
			t.Fatalf("%d hosts and %d others, want at most %d", len(shown), rest, n)
		}
		if others != nil {
			shown = append(slices.Clone(shown), others)
		}
		var sum host
		for _, h := range shown {
			sum.merge(h)
		}
		if sum.files != files || sum.failed != failed || sum.bytes != bytes {
			t.Fatalf("hosts have %d files, %d failed, %d bytes; want %d, %d, %d", sum.files, sum.failed, sum.bytes, files, failed, bytes)
		}
	})
}

func TestKindsOfErrorsAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 10 * maxKinds {
		fmt.Fprintf(&text, `{"status":"failed","error":{"kind":"kind%d"}}`+"\n", i)
	}
	r := read(t, text.String())
	if len(r.failures) != maxKinds+1 || r.failures[otherKind].count != 9*maxKinds {
		t.Errorf("%d kinds, of which %d files in the last; want %d and %d", len(r.failures), r.failures[otherKind].count, maxKinds+1, 9*maxKinds)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("ü", 100_000)
	r := read(t, fmt.Sprintf(`{"url":"http://h/%[1]s","status":"failed","list":"%[1]s","line":1,"error":{"kind":"%[1]s","message":"%[1]s"}}`, long))
	for _, f := range r.failures {
		e := f.examples[0]
		for _, s := range []string{f.kind, e.Place, e.URL, e.Message} {
			if n := len([]rune(s)); n < maxKind || n > maxURL+1 {
				t.Errorf("%d characters are kept of a text", n)
			}
		}
	}
}

// flood is n records of as many hosts, with tries, failures and times all over.
type flood struct {
	n, next int
	rest    []byte
}

func (f *flood) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.next == f.n {
			return 0, io.EOF
		}
		i := f.next
		f.next++
		f.rest = fmt.Appendf(f.rest[:0], `{"url":"https://host-%d.example.org/path/%d.bin","final_url":"https://host-%d.example.org/path/%d.bin","path":"path/%d.bin",`+
			`"status":"%s","http_status":200,"bytes":%d,"resumed_bytes":0,"fetched_bytes":%d,"sha256":"%064d","attempts":%d,"started_at":"2026-01-02T%02d:%02d:%02d.000Z","duration_ms":%d,`+
			`"list":"list.txt","line":%d,"error":{"kind":"kind%d","message":"no"}}`+"\n",
			i, i, i, i, i, outcomes[i%3], i*977%(1<<30), i*977%(1<<30), i, 1+i%20, i/3600%24, i/60%60, i%60, i%100_000, i, i%1000)
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// BenchmarkMillionRecords tells with -benchmem what reading a million records
// allocates, and as held-B what stays allocated of it, which does not depend on
// their number.
func BenchmarkMillionRecords(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				r := New()
				if err := r.Read(b.Context(), "flood", &flood{n: n}); err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				if r.Records() != int64(n) {
					b.Fatalf("%d records, want %d", r.Records(), n)
				}
				b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "held-B")
			}
		})
	}
}
