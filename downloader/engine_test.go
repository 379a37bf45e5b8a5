package downloader

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-9a1263fe/haul/bench/origin"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFilesOfAllSizesArriveWhole(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		sizes := []int64{0, 1, 4095, 16 << 10, 16<<10 + 1, 128 << 10, 128<<10 + 1, 1 << 20, 5<<20 + 7}
		var reqs []Request
		for i, n := range sizes {
			reqs = append(reqs, l.add(fmt.Sprintf("/f%d.bin", i), origin.File{Size: n}))
		}
		for i, r := range l.run(reqs...) {
			l.complete(r, fmt.Sprintf("/f%d.bin", i))
			if r.Bytes != sizes[i] || r.FetchedBytes != sizes[i] || r.Attempts != 1 || r.HTTPStatus/100 != 2 && sizes[i] > 0 {
				l.Errorf("size %d: result %+v", sizes[i], r)
			}
		}
	})
}

func TestSecondRunFetchesNothing(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		a, b := l.add("/a", origin.File{Size: 1000}), l.add("/b", origin.File{Size: 1 << 20})
		l.run(a, b)
		before := l.origin.Stats().Requests
		for _, r := range l.run(a, b) {
			if r.Status != Skipped || r.FetchedBytes != 0 || r.ResumedBytes != r.Bytes || r.Bytes == 0 {
				l.Errorf("second run: %+v", r)
			}
		}
		if n := l.origin.Stats().Requests - before; n != 0 {
			l.Errorf("second run sent %d requests", n)
		}
	})
}

func TestMissingFileFailsAloneAndClearly(t *testing.T) {
	inLab(t, origin.Config{}, func(l *lab) {
		good := l.add("/good", origin.File{Size: 1 << 20})
		gone := Request{URLs: []string{l.server.URL("/gone")}, List: "urls.txt", Line: 7}
		rs := l.run(gone, good)
		l.failed(rs[0], session.KindNotFound)
		if rs[0].HTTPStatus != 404 || rs[0].Line != 7 || rs[0].Attempts != 1 {
			l.Errorf("result: %+v", rs[0])
		}
		l.complete(rs[1], "/good")
	})
}
