package main

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
)

// record is one line of --results. Names, order and meaning of its fields are
// part of the contract with the outside. What is not known is left out.
type record struct {
	URL          string            `json:"url"`
	FinalURL     string            `json:"final_url,omitempty"`
	Path         string            `json:"path,omitempty"` // below the output directory
	Status       downloader.Status `json:"status"`
	HTTPStatus   int               `json:"http_status,omitempty"`
	Bytes        int64             `json:"bytes"`         // size of the file
	ResumedBytes int64             `json:"resumed_bytes"` // found on disk at the start
	FetchedBytes int64             `json:"fetched_bytes"` // read from the network in this run
	SHA256       string            `json:"sha256,omitempty"`
	ETag         string            `json:"etag,omitempty"`
	LastModified string            `json:"last_modified,omitempty"` // RFC 3339
	ContentType  string            `json:"content_type,omitempty"`
	Encoding     string            `json:"content_encoding,omitempty"` // the file is stored as it was sent
	Attempts     int               `json:"attempts"`
	StartedAt    string            `json:"started_at"` // RFC 3339
	DurationMS   int64             `json:"duration_ms"`
	List         string            `json:"list,omitempty"`
	Line         int64             `json:"line,omitempty"`
	Meta         json.RawMessage   `json:"meta,omitempty"`
	Steps        []string          `json:"steps,omitempty"` // what had to be done differently
	Error        *recordFailure    `json:"error,omitempty"`

	// Request is the job of a failed record, from which --retry-from makes it
	// again with all its options.
	Request json.RawMessage `json:"request,omitempty"`
}

type recordFailure struct {
	Kind    downloader.Kind `json:"kind"`
	Message string          `json:"message"`
}

// timeFormat is RFC 3339 with milliseconds always shown, so that columns align
// and text sorts as time does.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

func newRecord(r *downloader.Result) *record {
	rec := &record{
		URL: r.URL, FinalURL: r.FinalURL, Path: string(r.Key), Status: r.Status,
		HTTPStatus: r.HTTPStatus, Bytes: r.Bytes, ResumedBytes: r.ResumedBytes, FetchedBytes: r.FetchedBytes,
		SHA256: hex.EncodeToString(r.SHA256), ETag: r.ETag, ContentType: r.ContentType,
		Attempts: r.Attempts, StartedAt: r.Started.Format(timeFormat), DurationMS: r.Duration.Milliseconds(),
		Encoding: r.ContentEncoding, Steps: r.Steps,
		List: r.List, Line: r.Line, Meta: r.Meta,
	}
	if !r.LastModified.IsZero() {
		rec.LastModified = r.LastModified.UTC().Format(time.RFC3339)
	}
	if r.Failure != nil {
		rec.Error = &recordFailure{r.Failure.Kind, r.Failure.Message}
		rec.Request = requestOf(r)
	}
	return rec
}

// requestOf is the job of a result as a list of jsonl would have it, or nil if
// it cannot be said in one. Logins do not go into a file that people pass on:
// those in URLs and in headers are left out and must be given again. Meta stands
// in the record already.
func requestOf(r *downloader.Result) json.RawMessage {
	if r.Request == nil || r.Request.Defect != nil {
		return nil
	}
	req := *r.Request
	req.Meta = nil
	req.URLs = make([]string, len(r.Request.URLs))
	for i, u := range r.Request.URLs {
		req.URLs[i] = withoutLogin(u)
	}
	req.Header = slices.DeleteFunc(slices.Clone(req.Header), func(f downloader.Field) bool {
		return slices.ContainsFunc(secretHeaders, func(name string) bool { return strings.EqualFold(name, f.Name) })
	})
	b, err := list.AppendJSON(nil, req)
	if err != nil {
		return nil
	}
	return b
}

// secretHeaders carry logins (RFC 9110 section 11, RFC 6265).
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie"}

func withoutLogin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	u.User = nil
	return u.String()
}
