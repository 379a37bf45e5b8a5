package promise

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/seed-9a1263fe/haul/bench/lab"
	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/bench/peer"
	"github.com/seed-9a1263fe/haul/bench/process"
	"github.com/seed-9a1263fe/haul/bench/source"
)

// faultSize makes a program that splits files do so.
const faultSize = 12 * mib

// trouble is one way in which a server misbehaves with a file.
type trouble struct {
	name  string
	shape func(f *origin.File)
}

// fault makes a trouble of a fault.
func fault(name string, f origin.Fault) trouble {
	return trouble{name, func(file *origin.File) { file.Faults = []origin.Fault{f} }}
}

// ranged makes a trouble of a wrong answer to every range.
func ranged(name string, r origin.RangeFault) trouble {
	return fault(name, origin.Fault{Range: r})
}

// troubles can each be survived, or at least noticed.
var troubles = []trouble{
	fault("connection closed in the middle, once", origin.Fault{Times: 1, Break: origin.CutAfter(mib)}),
	fault("connection reset in the middle, once", origin.Fault{Times: 1, Break: origin.ResetAfter(mib)}),
	fault("connection closed before the answer, once", origin.Fault{Times: 1, Break: origin.CutAfter(origin.BeforeHeader)}),
	fault("connection closed in the middle, always", origin.Fault{Break: origin.CutAfter(mib)}),
	fault("503 three times", origin.Fault{Times: 3, Status: http.StatusServiceUnavailable}),
	fault("429 once, Retry-After: 1", origin.Fault{Times: 1, Status: http.StatusTooManyRequests, RetryAfter: time.Second}),
	fault("404 always", origin.Fault{Status: http.StatusNotFound}),
	fault("length too long", origin.Fault{Framing: origin.LengthLong}),
	fault("two lengths", origin.Fault{Framing: origin.LengthTwice}),
	fault("chunked without an end", origin.Fault{Framing: origin.ChunkUnended}),
	ranged("ranges ignored", origin.RangeIgnored),
	ranged("ranges from zero", origin.RangeFromZero),
	ranged("ranges a byte later", origin.RangeShifted),
	ranged("ranges of half the length", origin.RangeShorter),
	ranged("ranges to the end", origin.RangeToEnd),
	ranged("ranges of another total", origin.RangeOtherTotal),
	ranged("ranges without Content-Range", origin.RangeUnlabelled),
	ranged("ranges as multipart", origin.RangeMultipart),
	ranged("ranges refused", origin.RangeRefused),
	ranged("a part without being asked", origin.RangeUnasked),
	{"replaced by another of the same size", func(f *origin.File) { f.ReplaceAfter, f.Replacement = 1, &origin.File{} }},
	{"no validators, no ranges", func(f *origin.File) { f.NoETag, f.NoModTime, f.NoRanges = true, true, true }},
	{"another tag with each answer", func(f *origin.File) { f.ETagPerRequest = true }},
}

var faults = Promise{
	Name:  "faults",
	Claim: "whatever the server does, a file is right or the program says that it is not",
	try:   tryFaults,
}

func tryFaults(ctx context.Context, t *trial) error {
	programs := append([]peer.Peer{peer.Haul(t.Haul, "--retry-wait", "0.2", "-t", "5")}, peer.Installed("aria2", "curl")...)
	for _, tr := range troubles {
		for i, p := range programs {
			verdict, err := t.suffer(ctx, p, tr)
			if err != nil {
				return err
			}
			t.figure(tr.name+", "+p.Name, "%s", verdict)
			t.hold(i > 0 || verdict != wrongFile, "%s: %s", tr.name, verdict)
		}
	}
	return nil
}

// wrongFile is what must not be: the program says that all is well.
const wrongFile = "WRONG FILE with exit 0"

// suffer lets a program fetch one file of a server that misbehaves.
func (t *trial) suffer(ctx context.Context, p peer.Peer, tr trouble) (verdict string, err error) {
	o := origin.New(origin.Config{Seed: t.Seed})
	f := origin.File{Size: faultSize}
	tr.shape(&f)
	f = o.Add("/file.bin", f)
	s, err := o.Start(origin.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	first := source.Single("file.bin", f)
	u, out, err := t.compete(ctx, p, peer.Task{Set: first, Base: "http://" + s.Addr(), Conns: 4, Tries: 5})
	if err != nil {
		return "", err
	}
	v, err := first.Verify(ctx, out, source.All)
	if err != nil {
		return "", err
	}
	if now, ok := o.File("/file.bin"); ok && !v.OK() {
		// A server that replaced its file may give either, but not a mixture.
		v, err = source.Single("file.bin", now).Verify(ctx, out, source.All)
	}
	return judge(u, v), err
}

// judge says what became of a program and its file.
func judge(u process.Usage, v source.Verdict) string {
	switch {
	case u.Killed:
		return "did not end within " + lab.Seconds(competeLimit)
	case u.Exit == 0 && v.OK():
		return "right"
	case u.Exit == 0:
		return wrongFile
	case v.Missing == 1:
		return "failed cleanly"
	case v.Right == 1:
		return "right, but says that it failed"
	}
	return "failed, and left a wrong file under the name"
}
