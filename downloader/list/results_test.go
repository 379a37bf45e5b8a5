package list

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/session"
)

const someResults = `{"url":"http://h/ok","path":"ok","status":"complete","list":"a.txt","line":1}
{"url":"http://h/gone","path":"gone","status":"failed","list":"a.txt","line":2,"meta":{"k":1},"error":{"kind":"not_found","message":"404"}}
{"url":"http://h/slow","path":"x/slow","status":"failed","list":"a.txt","line":3,"error":{"kind":"timeout","message":"t"},"request":{"urls":["http://h/slow","http://m/slow"],"dir":"x","checksum":"md5=00000000000000000000000000000000","headers":{"A":"b"},"meta":7}}
{"url":"http://h/skip","status":"skipped","list":"a.txt","line":4}
`

func TestResultsGiveWhatFailedAgain(t *testing.T) {
	const (
		gone = `http://h/gone out=gone meta={"k":1}`
		slow = "http://h/slow | http://m/slow dir=x checksum=md5=00000000000000000000000000000000 meta=7 [A: b]"
	)
	tests := []struct {
		name string
		only []downloader.Kind
		want string
	}{
		{"all that failed", nil, "2 " + gone + "\n3 " + slow + "\n"},
		{"one kind", []downloader.Kind{session.KindTimeout}, "3 " + slow + "\n"},
		{"several kinds", []downloader.Kind{session.KindTimeout, session.KindNotFound}, "2 " + gone + "\n3 " + slow + "\n"},
		{"a kind that none has", []downloader.Kind{downloader.KindIO}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The entries name the list that they first came from.
			var b strings.Builder
			for _, e := range decodeAll(t, Config{Name: "r.jsonl", Format: Results, Only: tt.only}, someResults) {
				if e.Request.List != "a.txt" {
					t.Errorf("list is %q, want a.txt", e.Request.List)
				}
				fmt.Fprintf(&b, "%d %s\n", e.Request.Line, brief(e.Request))
			}
			if b.String() != tt.want {
				t.Errorf("got  %q\nwant %q", b.String(), tt.want)
			}
		})
	}
}

func TestResultOfARequestIsTheSameJob(t *testing.T) {
	want := downloader.Request{URLs: []string{"http://h/a", "http://m/a"}, Dir: "d", Out: "o", List: "a.txt", Line: 9}
	object, err := AppendJSON(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf(`{"url":"http://h/a","path":"d/o.1","status":"failed","list":"a.txt","line":9,"error":{"kind":"io","message":"m"},"request":%s}`, object)
	got := one(t, Config{Format: Results}, record)
	if got.ID() != want.ID() {
		t.Errorf("got job %v of %+v, want %v of %+v", got.ID(), got, want.ID(), want)
	}
}

func TestResultOfABadEntryKeepsItsReason(t *testing.T) {
	record := `{"url":"","status":"failed","list":"a.csv","line":5,"error":{"kind":"protocol","message":"record has 2 fields"},"request":{}}`
	got := one(t, Config{Format: Results}, record)
	if got.Defect == nil || got.Defect.Kind != session.KindProtocol || got.Defect.Message != "record has 2 fields" || got.Line != 5 {
		t.Errorf("got %+v with defect %v, want that of the record", got, got.Defect)
	}
}

func TestTornResultIsPassedOver(t *testing.T) {
	var told []string
	cfg := Config{Format: Results, Ignored: func(line int64, what string) { told = append(told, fmt.Sprint(line, " ", what)) }}
	got := decodeAll(t, cfg, someResults+`{"url":"http://h/x","sta`)
	if len(got) != 2 {
		t.Errorf("got %d entries, want 2", len(got))
	}
	if len(told) != 1 || told[0] != "5 record that was cut off" {
		t.Errorf("told %q, want of line 5", told)
	}
	// In the middle, it is a record that should have been good.
	got = decodeAll(t, cfg, `{"url":"http://h/x","sta`+"\n"+someResults)
	if len(got) != 3 || got[0].Request.Defect == nil {
		t.Errorf("got %d entries, want 3 with a defect first", len(got))
	}
}
