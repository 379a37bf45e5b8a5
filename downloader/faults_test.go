package downloader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
	"github.com/seed-9a1263fe/haul/store"
)

// A file is right or it failed; never wrong, never short, never two versions.
func TestWrongAnswersNeverMakeAWrongFile(t *testing.T) {
	const size = 700 << 10
	ranged := func(f origin.RangeFault) origin.Fault { return origin.Fault{When: origin.Ranged, Range: f} }
	later := func(f origin.RangeFault) origin.Fault { return origin.Fault{When: origin.Ranged, Skip: 1, Range: f} }
	for _, c := range []struct {
		name  string
		fault origin.Fault
		want  Kind // "" for complete
	}{
		{"200 to a range", ranged(origin.RangeIgnored), ""},
		{"200 to later ranges", later(origin.RangeIgnored), ""},
		{"206 from zero", later(origin.RangeFromZero), ""},
		{"206 shifted", ranged(origin.RangeShifted), ""},
		{"206 shorter than asked", ranged(origin.RangeShorter), ""},
		{"206 to the end", ranged(origin.RangeToEnd), ""},
		{"206 with another total", later(origin.RangeOtherTotal), ""},
		{"206 with a star total", ranged(origin.RangeStarTotal), ""},
		{"206 without Content-Range", ranged(origin.RangeUnlabelled), ""},
		{"206 with a garbled Content-Range", ranged(origin.RangeGarbled), ""},
		{"206 in multipart", ranged(origin.RangeMultipart), ""},
		{"416 with the total", ranged(origin.RangeRefused), ""},
		{"416 with the total, later", later(origin.RangeRefused), ""},
		{"416 bare", ranged(origin.RangeRefusedBare), ""},
		{"cut", origin.Fault{Times: 3, Break: origin.CutAfter(10 << 10)}, ""},
		{"reset", origin.Fault{Times: 3, Break: origin.ResetAfter(10 << 10)}, ""},
		{"reset before the header", origin.Fault{Times: 3, Break: origin.ResetAfter(origin.BeforeHeader)}, ""},
		{"stall", origin.Fault{Times: 2, Break: origin.StallAfter(10 << 10)}, ""},
		{"429 for a while", origin.Fault{Times: 3, Status: 429, RetryAfter: 2 * time.Second}, ""},
		{"503 for a while", origin.Fault{Times: 3, Status: 503}, ""},
		{"500 for ever", origin.Fault{Status: 500}, session.KindHTTPStatus},
		{"403", origin.Fault{Status: 403}, session.KindForbidden},
		{"401", origin.Fault{Status: 401}, session.KindUnauthorized},
		{"410", origin.Fault{Status: 410}, session.KindNotFound},
		{"204 unasked", origin.Fault{Status: 204}, session.KindHTTPStatus},
		{"chunked", origin.Fault{Framing: origin.FrameChunked}, ""},
		{"chunked without an end", origin.Fault{Times: 2, Framing: origin.ChunkUnended}, ""},
		{"Content-Length too long", origin.Fault{Times: 2, Framing: origin.LengthLong}, ""},
		{"redirect", origin.Fault{When: func(r origin.Request) bool { return r.Query == "" }, Location: "/f?moved"}, ""},
		{"redirect in a circle", origin.Fault{Location: "/f"}, session.KindRedirect},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLab(t, origin.Config{}, func(l *lab) {
				r := l.run(l.add("/f", origin.File{Size: size, Faults: []origin.Fault{c.fault}}))[0]
				if c.want != "" {
					l.failed(r, c.want)
					return
				}
				l.complete(r, "/f")
			})
		})
	}
}

// A server may send the bytes of another range under the right label. Nothing
// but a declared checksum can tell, and it must.
func TestDeclaredChecksumCatchesWrongBytes(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		req := l.add("/f", origin.File{Size: 700 << 10, Faults: []origin.Fault{{When: origin.Ranged, Skip: 1, Range: origin.RangeWrongBytes}}})
		f, _ := l.origin.File("/f")
		req.Checksum = digest(l, "sha-256", f.SHA256())
		l.failed(l.run(req)[0], KindChecksum)
		for k := range l.store.Keys() {
			l.Errorf("%q is visible", k)
		}
	})
}

func TestDigestsThatTheServerDeclaresAreChecked(t *testing.T) {
	for _, field := range []string{"Repr-Digest", "Content-Digest", "Digest", "Content-MD5", "X-Goog-Hash", "X-Amz-Checksum-Sha256"} {
		t.Run(field, func(t *testing.T) {
			inLab(t, origin.Config{}, func(l *lab) {
				rs := l.run(
					l.add("/right", origin.File{Size: 50 << 10, Digests: []origin.Digest{{Field: field}}}),
					l.add("/wrong", origin.File{Size: 50 << 10, Digests: []origin.Digest{{Field: field, Wrong: true}}}),
				)
				l.complete(rs[0], "/right")
				l.failed(rs[1], KindChecksum)
			})
		})
	}
}

// Nobody asked for gzip, and undoing it would be a guess at what is wanted: the
// file is what was sent, and the result says what that is.
func TestUnaskedEncodingIsStoredAsSentAndRecorded(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		r := l.run(l.add("/f", origin.File{Size: 50 << 10, Faults: []origin.Fault{{Gzip: true}}}))[0]
		if r.Status != Complete || r.ContentEncoding != "gzip" {
			l.Fatalf("%s, encoding %q: %v", r.Status, r.ContentEncoding, r.Err)
		}
		got, err := l.store.ReadFile(r.Key)
		if err != nil || !bytes.HasPrefix(got, []byte("\x1f\x8b")) {
			l.Errorf("the file begins with %x (%v), want what was sent", got[:min(len(got), 2)], err)
		}
	})
}

func TestSizeOfTheListIsChecked(t *testing.T) {
	for _, framing := range []origin.Framing{origin.FrameLength, origin.FrameChunked} {
		inLab(t, origin.Config{Faults: []origin.Fault{{Framing: framing}}}, func(l *lab) {
			req := l.add("/f", origin.File{Size: 1000, NoRanges: framing == origin.FrameChunked})
			req.Size = 999
			l.failed(l.run(req)[0], KindChecksum)
			req.Size = 1000
			l.complete(l.run(req)[0], "/f")
		})
	}
}

func TestTooLargeFailsBeforeAndWhileReading(t *testing.T) {
	for _, framing := range []origin.Framing{origin.FrameLength, origin.FrameChunked} {
		inLab(t, origin.Config{Faults: []origin.Fault{{Framing: framing}}}, func(l *lab) {
			l.cfg.MaxFileSize = 1 << 20
			req := l.add("/f", origin.File{Size: 64 << 20, NoRanges: framing == origin.FrameChunked})
			l.failed(l.run(req)[0], session.KindTooLarge)
			if n := l.origin.Stats().BodyBytes; n > 8<<20 {
				l.Errorf("%d bytes were served of a file that is too large", n)
			}
		})
	}
}

func TestTriesAreCountedWithoutProgress(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		l.cfg.MaxTries = 2
		// Every answer breaks after some bytes: slow, but each try brings the
		// file nearer.
		f := origin.File{Size: 100 << 10, Faults: []origin.Fault{{Break: origin.CutAfter(12 << 10)}}}
		l.complete(l.run(l.add("/f", f))[0], "/f")
		// And one that brings nothing.
		f = origin.File{Size: 100 << 10, Faults: []origin.Fault{{Break: origin.CutAfter(origin.BeforeHeader)}}}
		r := l.run(l.add("/g", f))[0]
		if r.Status != Failed || r.Attempts != 2 {
			l.Errorf("%s after %d attempts, want failed after 2", r.Status, r.Attempts)
		}
	})
}

func TestBytesFetchedAgainAreNoProgress(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		// The length is a lie, and there are no ranges: each try brings the same
		// bytes once more.
		f := origin.File{Size: 1 << 20, NoRanges: true, Faults: []origin.Fault{{Framing: origin.LengthLong}}}
		r := l.run(l.add("/f", f))[0]
		if r.Status != Failed || r.Attempts != DefaultMaxTries+1 && r.Attempts != DefaultMaxTries {
			l.Errorf("%s after %d attempts: %v", r.Status, r.Attempts, r.Err)
		}
	})
}

func TestFilesThatAnotherOneStoppedAreNotFailed(t *testing.T) {
	inLabH1(t, origin.Config{BodyRate: 1 << 20}, func(l *lab) {
		l.limitStore(2 << 20)
		var reqs []Request
		for i := range 4 {
			reqs = append(reqs, l.add(fmt.Sprintf("/f%d", i), origin.File{Size: 4 << 20}))
		}
		results, err := l.runCtx(l.Context(), reqs...)
		if !errors.Is(err, store.ErrNoSpace) || len(results) == 0 {
			l.Errorf("run: %v, with %d results; want one at least, for a file that did not fit", err, len(results))
		}
		for _, r := range results {
			if session.KindOf(r.Err) != "" {
				l.Errorf("%s failed because of another file: %v", r.URL, r.Err)
			}
		}
	})
}

func TestRangesThatFailTogetherCountOnce(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.MaxTries = 3
		// The probe is well; the next four requests, most of which go out side by
		// side, all break without a byte.
		f := origin.File{Size: 4 << 20, Faults: []origin.Fault{{Skip: 1, Times: 4, Break: origin.ResetAfter(origin.BeforeHeader)}}}
		l.complete(l.run(l.add("/f", f))[0], "/f")
	})
}

func TestRetryWaitsGrowAndServersOutrankThem(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		began := time.Now()
		l.complete(l.run(l.add("/f", origin.File{Size: 1, Faults: []origin.Fault{
			{Times: 1, Status: 503, RetryAfter: 30 * time.Second}}}))[0], "/f")
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			l.Errorf("came back after %v, asked to wait 30 s", took)
		}
	})
}

func TestMirrorTakesOver(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.origin.Add("/mirror", origin.File{Size: 1 << 20})
		for _, first := range []string{"http://nowhere.test/x", "http://files.test:1/x", l.server.URL("/missing")} {
			req := Request{URLs: []string{first, l.server.URL("/mirror")}, Out: "m"}
			l.complete(l.run(req)[0], "/mirror")
		}
	})
}

func TestDefectsAndBadURLsAreResults(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		reqs := []Request{
			{URLs: []string{"ftp://files.test/x"}, List: "l", Line: 1},
			{URLs: []string{"files.test/x"}, List: "l", Line: 2},
			{URLs: []string{"http:///x"}, List: "l", Line: 3},
			{List: "l", Line: 4, Defect: &Failure{session.KindProtocol, "broken record"}},
			{URLs: []string{l.server.URL("/x")}, Out: "../x", List: "l", Line: 5},
			{URLs: []string{l.server.URL("/x")}, Out: "/etc/x", List: "l", Line: 6},
			{URLs: []string{"http://no.such.host.test/x"}, List: "l", Line: 7},
		}
		want := []Kind{session.KindUnsupportedScheme, session.KindInvalidURL, session.KindInvalidURL,
			session.KindProtocol, KindName, KindName, session.KindDNS}
		for i, r := range l.run(reqs...) {
			l.failed(r, want[i])
			if r.List != "l" || r.Line != int64(i+1) {
				l.Errorf("result of line %d names %s:%d", i+1, r.List, r.Line)
			}
		}
	})
}

func TestExpiredURLIsRefreshedAndTheFileGoesOn(t *testing.T) {
	inLab(t, origin.Config{BodyRate: 256 << 10}, func(l *lab) {
		const size = 2 << 20
		old := l.add("/old", origin.File{Size: size, Seed: 3})
		l.origin.Add("/new", origin.File{Size: size, Seed: 3})
		l.interrupt(time.Second/2, old)
		l.origin.Add("/old", origin.File{Faults: []origin.Fault{{Status: 403}}})
		asked := 0
		l.cfg.Refresh = func(_ context.Context, r Request, cause error) ([]string, error) {
			asked++
			if r.URLs[0] != old.URLs[0] || session.KindOf(cause) != session.KindForbidden {
				l.Errorf("asked to refresh %v because of %v", r.URLs, cause)
			}
			return []string{l.server.URL("/new")}, nil
		}
		r := l.run(old)[0]
		l.complete(r, "/new")
		if asked != 1 || r.ResumedBytes == 0 || r.FetchedBytes+r.ResumedBytes != size || len(r.Steps) != 1 {
			l.Errorf("asked %d times, resumed %d, fetched %d of %d, steps %q", asked, r.ResumedBytes, r.FetchedBytes, size, r.Steps)
		}
		if r.URL != old.URLs[0] {
			l.Errorf("the result names %s, the list said %s", r.URL, old.URLs[0])
		}
	})
}

func TestHeadersDoNotGoToANewOriginThatTheListDoesNotName(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		other := l.origin.StartTest(l, origin.Options{Network: l.net, Name: "other.test"})
		l.origin.Add("/new", origin.File{Size: 10})
		req := l.add("/old", origin.File{Faults: []origin.Fault{{Status: 403}}})
		req.Header = []Field{{"Authorization", "Bearer job"}}
		l.cfg.Header = []Field{{"X-Key", "global"}}
		for _, at := range []struct {
			url  string
			want bool
		}{{other.URL("/new"), false}, {l.server.URL("/new"), true}} {
			l.cfg.Refresh = func(context.Context, Request, error) ([]string, error) { return []string{at.url}, nil }
			req.Out += "x"
			l.complete(l.run(req)[0], "/new")
			h := l.origin.Requests()[l.origin.Stats().Requests-1].Header
			if got := h.Get("Authorization") != "" && h.Get("X-Key") != ""; got != at.want {
				l.Errorf("%s was sent headers: %v, want %v", at.url, h, at.want)
			}
		}
	})
}

func TestRefreshThatKnowsNothingFailsAsTheServerSaid(t *testing.T) {
	inLabH1(t, origin.Config{}, func(l *lab) {
		l.cfg.Refresh = func(context.Context, Request, error) ([]string, error) { return nil, errors.New("who are you") }
		l.failed(l.run(l.add("/f", origin.File{Faults: []origin.Fault{{Status: 401}}}))[0], session.KindUnauthorized)
	})
}

func TestStepsOfTheLadderStandInTheResult(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		r := l.run(l.add("/f", origin.File{Size: 1 << 20, Faults: []origin.Fault{{When: origin.Ranged, Range: origin.RangeUnlabelled}}}))[0]
		l.complete(r, "/f")
		if len(r.Steps) != 1 || !strings.Contains(r.Steps[0], "one piece") {
			l.Errorf("steps %q", r.Steps)
		}
	})
}
