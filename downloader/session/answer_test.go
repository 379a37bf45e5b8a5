package session_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

// TestBodiesAreWholeOrFail reads a file through every fault of framing, over
// every protocol. What is not whole must say so, and nothing else may.
func TestBodiesAreWholeOrFail(t *testing.T) {
	const size = 300_000
	for name, c := range map[string]struct {
		fault origin.Fault
		kinds []session.Kind // none: it succeeds
	}{
		"well":               {origin.Fault{}, nil},
		"chunked":            {origin.Fault{Framing: origin.FrameChunked}, nil},
		"interim answers":    {origin.Fault{Early: []int{103, 103}}, nil},
		"slow but steady":    {origin.Fault{BodyRate: 2000}, nil},
		"dripping header":    {origin.Fault{HeaderRate: 20}, nil},
		"pause":              {origin.Fault{Break: origin.PauseAfter(1000, 50*time.Second)}, nil},
		"late header":        {origin.Fault{Delay: 50 * time.Second}, nil},
		"cut":                {origin.Fault{Break: origin.CutAfter(100_000)}, []session.Kind{session.KindTruncated, session.KindReset}},
		"cut when chunked":   {origin.Fault{Break: origin.CutAfter(100_000), Framing: origin.FrameChunked}, []session.Kind{session.KindTruncated, session.KindReset}},
		"reset":              {origin.Fault{Break: origin.ResetAfter(100_000)}, []session.Kind{session.KindReset, session.KindTruncated}},
		"cut before header":  {origin.Fault{Break: origin.CutAfter(origin.BeforeHeader)}, []session.Kind{session.KindReset}},
		"reset at header":    {origin.Fault{Break: origin.ResetAfter(origin.BeforeHeader)}, []session.Kind{session.KindReset}},
		"stall":              {origin.Fault{Break: origin.StallAfter(100_000)}, []session.Kind{session.KindStalled}},
		"no header":          {origin.Fault{Delay: time.Hour}, []session.Kind{session.KindTimeout}},
		"header for ever":    {origin.Fault{HeaderRate: 1}, []session.Kind{session.KindTimeout}},
		"huge header":        {origin.Fault{HeaderPad: 1 << 20}, []session.Kind{session.KindProtocol, session.KindReset}},
		"no content":         {origin.Fault{Status: 204}, []session.Kind{session.KindHTTPStatus}},
		"not modified":       {origin.Fault{Status: 304}, []session.Kind{session.KindProtocol}},
		"another range":      {origin.Fault{Range: origin.RangeUnasked}, []session.Kind{session.KindRange}},
		"length beyond body": {origin.Fault{Framing: origin.LengthLong}, []session.Kind{session.KindTruncated, session.KindReset}},
	} {
		for proto, opt := range map[string]origin.Options{
			"http": {}, "https": {TLS: true}, "h2": {TLS: true, HTTP2: true},
		} {
			if proto == "h2" && (c.fault.HeaderRate > 0) {
				continue // told over HTTP/1 only
			}
			t.Run(name+" over "+proto, func(t *testing.T) {
				inLab(t, func(l *lab) {
					o := origin.New(origin.Config{})
					f := o.Add("/a", origin.File{Size: size, Faults: []origin.Fault{c.fault}})
					srv := l.serve(o, opt)
					s := l.start(session.Config{TLS: trust(srv)})
					b, a, err := get(l.T, s, srv.URL("/a"))
					if len(c.kinds) > 0 {
						wantOneOf(l.T, err, c.kinds)
						return
					}
					if err != nil {
						l.Fatal(err)
					}
					if err := f.Check(b, 0); err != nil || len(b) != size {
						l.Fatalf("%d bytes: %v", len(b), err)
					}
					if want := map[string]string{"http": "HTTP/1.1", "https": "HTTP/1.1", "h2": "HTTP/2.0"}[proto]; a.Protocol != want {
						l.Errorf("spoke %s, want %s", a.Protocol, want)
					}
				})
			})
		}
	}
}

func wantOneOf(t *testing.T, err error, kinds []session.Kind) {
	t.Helper()
	for _, k := range kinds {
		if session.KindOf(err) == k {
			return
		}
	}
	t.Fatalf("got %v, want one of %v", err, kinds)
}

// TestBrokenFramingOfHTTP1 is what only the older protocol can say wrong.
func TestBrokenFramingOfHTTP1(t *testing.T) {
	for name, c := range map[string]struct {
		framing origin.Framing
		kinds   []session.Kind
	}{
		"two lengths":          {origin.LengthTwice, []session.Kind{session.KindProtocol}},
		"negative length":      {origin.LengthNegative, []session.Kind{session.KindProtocol}},
		"length is no number":  {origin.LengthGarbled, []session.Kind{session.KindProtocol}},
		"no last chunk":        {origin.ChunkUnended, []session.Kind{session.KindTruncated, session.KindReset}},
		"chunk is no number":   {origin.ChunkGarbled, []session.Kind{session.KindProtocol}},
		"ends with connection": {origin.FrameClose, nil},
		"length and chunks":    {origin.LengthAndChunked, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				o.Add("/a", origin.File{Size: 10_000, Faults: []origin.Fault{{Framing: c.framing}}})
				srv := l.serve(o, origin.Options{})
				b, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a"))
				if len(c.kinds) > 0 {
					wantOneOf(l.T, err, c.kinds)
					return
				}
				if err != nil || len(b) != 10_000 || a.End != -1 || a.Version.Size != session.UnknownSize {
					l.Fatalf("got %d bytes to %d, %v, want 10000 to an unknown end", len(b), a.End, err)
				}
			})
		})
	}
}

// TestRangesAreWhatWasAskedOrFail asks for the middle of a file.
func TestRangesAreWhatWasAskedOrFail(t *testing.T) {
	const size, off, end = 100_000, 20_000, 30_000
	for name, c := range map[string]struct {
		fault   origin.RangeFault
		verdict session.Verdict // 0: it fails
		end     int64
		kind    session.Kind
	}{
		"well":                {origin.RangeWell, session.Part, end, ""},
		"ignored":             {origin.RangeIgnored, session.Whole, size, ""},
		"shorter":             {origin.RangeShorter, session.Part, 25_000, ""},
		"to the end":          {origin.RangeToEnd, session.Part, end, ""},
		"unknown total":       {origin.RangeStarTotal, session.Part, end, ""},
		"from zero":           {origin.RangeFromZero, 0, 0, session.KindRange},
		"shifted":             {origin.RangeShifted, 0, 0, session.KindRange},
		"another total":       {origin.RangeOtherTotal, 0, 0, session.KindChanged},
		"unlabelled":          {origin.RangeUnlabelled, 0, 0, session.KindRange},
		"garbled":             {origin.RangeGarbled, 0, 0, session.KindRange},
		"multipart":           {origin.RangeMultipart, 0, 0, session.KindRange},
		"refused":             {origin.RangeRefused, 0, 0, session.KindRange},
		"refused bare":        {origin.RangeRefusedBare, 0, 0, session.KindRange},
		"refused as if empty": {origin.RangeRefusedZero, 0, 0, session.KindChanged},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				f := o.Add("/a", origin.File{Size: size, Faults: []origin.Fault{{Range: c.fault}}})
				srv := l.serve(o, origin.Options{})
				b, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a"), span(off, end),
					version(session.Version{Size: size, ETag: f.ETag, LastModified: f.ModTime}, session.Auto))
				if c.verdict == 0 {
					wantKind(l.T, err, c.kind)
					return
				}
				if err != nil || a.Verdict != c.verdict || a.End != c.end || int64(len(b)) != c.end-a.Off {
					l.Fatalf("got %d bytes, %+v, %v, want %v to %d", len(b), a, err, c.verdict, c.end)
				}
				if err := f.Check(b, a.Off); err != nil {
					l.Fatal(err)
				}
				if a.Changed {
					l.Error("said to be another version")
				}
			})
		})
	}
}

func TestEmptyFileAskedByRange(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{})
		srv := l.serve(o, origin.Options{})
		b, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a"), span(0, 1<<20))
		if err != nil || len(b) != 0 || a.Version.Size != 0 || a.Verdict != session.Empty && a.Verdict != session.Whole {
			l.Fatalf("got %d bytes, %+v, %v, want an empty file", len(b), a, err)
		}
	})
}

func TestReplacedFileIsSeenAsChanged(t *testing.T) {
	for name, c := range map[string]struct {
		ignores bool
		want    session.Kind // "": a Whole that says it is another version
	}{
		"server minds the precondition":   {false, ""},
		"server ignores the precondition": {true, session.KindChanged},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				old := o.Add("/a", origin.File{Size: 10_000, Seed: 1})
				o.Add("/a", origin.File{Size: 10_000, Seed: 2, IgnoreIfRange: c.ignores})
				srv := l.serve(o, origin.Options{})
				_, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a"), span(5000, 10_000),
					version(session.Version{Size: old.Size, ETag: old.ETag, LastModified: old.ModTime}, session.Auto))
				if c.want != "" {
					wantKind(l.T, err, c.want)
					return
				}
				if err != nil || a.Verdict != session.Whole || !a.Changed {
					l.Fatalf("got %+v, %v, want the whole of another version", a, err)
				}
			})
		})
	}
}

func TestConditionalRequestOfAKnownVersion(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		f := o.Add("/a", origin.File{Size: 10_000})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		for name, known := range map[string]session.Version{
			"tag": {Size: f.Size, ETag: f.ETag}, "date": {Size: f.Size, LastModified: f.ModTime},
		} {
			_, a, err := get(l.T, s, srv.URL("/a"), func(r *session.Request) { r.SetConditional(known) })
			if err != nil || a.Verdict != session.NotModified || a.Version.Size != f.Size {
				l.Errorf("%s: got %+v, %v, want not modified", name, a, err)
			}
		}
		b, a, err := get(l.T, s, srv.URL("/a"), func(r *session.Request) { r.SetConditional(session.Version{ETag: `"old"`}) })
		if err != nil || a.Verdict != session.Whole || len(b) != 10_000 {
			l.Errorf("other version: got %+v, %v, want the whole", a, err)
		}
	})
}

func TestEncodedBodyIsHandedOverAsSent(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10_000, Faults: []origin.Fault{{Gzip: true}}})
		srv := l.serve(o, origin.Options{})
		b, a, err := get(l.T, l.start(session.Config{}), srv.URL("/a"))
		if err != nil || a.Encoding != "gzip" || len(b) < 2 || b[0] != 0x1f || b[1] != 0x8b {
			l.Fatalf("got %d bytes in %q, %v, want gzip as sent", len(b), a.Encoding, err)
		}
		if got := o.Requests()[0].Header.Get("Accept-Encoding"); got != "identity" {
			l.Fatalf("asked for encoding %q, want identity", got)
		}
	})
}

func TestDigestsThatTheServerDeclares(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		f := o.Add("/a", origin.File{Size: 10_000, Digests: []origin.Digest{
			{Field: "Repr-Digest"}, {Field: "Content-Digest"}, {Field: "Digest"}, {Field: "Content-MD5"},
			{Field: "X-Goog-Hash"}, {Field: "X-Amz-Checksum-Sha256"},
		}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		_, a, err := get(l.T, s, srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		sum, _ := hex.DecodeString(f.SHA256())
		sources := map[string]bool{}
		for _, d := range a.Digests {
			sources[d.Source] = true
			if d.Algorithm == "sha-256" && string(d.Sum) != string(sum) {
				l.Errorf("%s says %x, want %x", d.Source, d.Sum, sum)
			}
		}
		if len(sources) != 6 {
			l.Errorf("digests from %v, want from six fields", sources)
		}
		b, a, err := get(l.T, s, srv.URL("/a"), span(0, 100))
		if err != nil {
			l.Fatal(err)
		}
		part := sha256.Sum256(b)
		for _, d := range a.Digests {
			if d.Source == "Content-Digest" || d.Source == "Content-Md5" || string(d.Sum) == string(part[:]) {
				l.Errorf("%s of a part is taken for one of the file", d.Source)
			}
		}
		if len(a.Digests) == 0 {
			l.Error("no digest of the file with a part of it")
		}
	})
}

func TestDeadlinesSayTheirPhase(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/head", origin.File{Size: 10, Faults: []origin.Fault{{Delay: time.Hour}}})
		o.Add("/body", origin.File{Size: 10, Faults: []origin.Fault{{Break: origin.StallAfter(5)}}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{Timeout: 7 * time.Second})
		for path, want := range map[string]string{"/head": session.PhaseHeader, "/body": session.PhaseBody} {
			began := time.Now()
			_, _, err := get(l.T, s, srv.URL(path))
			var e *session.Error
			if !errors.As(err, &e) || e.Phase != want || !e.Temporary {
				l.Errorf("%s: got %v, want a temporary failure in %s", path, err, want)
			}
			if took := time.Since(began); took != 7*time.Second {
				l.Errorf("%s: gave up after %v, want 7 s", path, took)
			}
		}
	})
}

func TestTimeBetweenReadsIsNotTheServers(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 10_000_000})
		srv := l.serve(o, origin.Options{})
		a, _, err := open(l.T, l.start(session.Config{Timeout: time.Second}), srv.URL("/a"))
		if err != nil {
			l.Fatal(err)
		}
		buf := make([]byte, 1<<20)
		for {
			_, err := a.Read(buf)
			if err == io.EOF {
				return
			}
			if err != nil {
				l.Fatal(err)
			}
			timer := time.NewTimer(time.Minute) // a slow disk
			<-timer.C
		}
	})
}

func TestSlowBodyIsGivenUp(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/slow", origin.File{Size: 1 << 20, Faults: []origin.Fault{{BodyRate: 500}}})
		o.Add("/fine", origin.File{Size: 200_000, Faults: []origin.Fault{{BodyRate: 2000}}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{Timeout: 10 * time.Second, LowestSpeed: 1000})
		began := time.Now()
		_, _, err := get(l.T, s, srv.URL("/slow"))
		wantKind(l.T, err, session.KindStalled)
		if took := time.Since(began); took > 25*time.Second {
			l.Errorf("gave up after %v, want about 10 s", took)
		}
		if _, _, err := get(l.T, s, srv.URL("/fine")); err != nil {
			l.Errorf("a body fast enough failed: %v", err)
		}
	})
}

func TestCausesCanBeFound(t *testing.T) {
	inLab(t, func(l *lab) {
		o := origin.New(origin.Config{})
		o.Add("/a", origin.File{Size: 1000, Faults: []origin.Fault{{Break: origin.CutAfter(10)}}})
		srv := l.serve(o, origin.Options{})
		s := l.start(session.Config{})
		if _, _, err := get(l.T, s, srv.URL("/a")); !errors.Is(err, io.ErrUnexpectedEOF) {
			l.Errorf("cut body: got %v, want %v in the chain", err, io.ErrUnexpectedEOF)
		}
		if _, _, err := get(l.T, s, "http://origin.test:81/"); !errors.Is(err, syscall.ECONNREFUSED) {
			l.Errorf("closed port: got %v, want %v in the chain", err, syscall.ECONNREFUSED)
		}
	})
}

func TestRangeThatEndsWithTheConnectionMustBeWhole(t *testing.T) {
	for name, c := range map[string]struct {
		cut  int64
		want session.Kind
	}{"whole": {10_000, ""}, "cut": {4000, session.KindTruncated}} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				o := origin.New(origin.Config{})
				o.Add("/a", origin.File{Size: 20_000, Faults: []origin.Fault{{Framing: origin.FrameClose, Break: origin.CutAfter(c.cut)}}})
				srv := l.serve(o, origin.Options{})
				b, _, err := get(l.T, l.start(session.Config{}), srv.URL("/a"), span(5000, 15_000))
				if session.KindOf(err) != c.want || int64(len(b)) != c.cut {
					l.Fatalf("got %d bytes, %v, want %d and %q", len(b), err, c.cut, c.want)
				}
			})
		})
	}
}
