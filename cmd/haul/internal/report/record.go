package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
)

// record is what the report reads of a line of --results. Other fields, also
// those of later versions, are passed over.
type record struct {
	URL          string              `json:"url"`
	FinalURL     string              `json:"final_url"`
	Path         string              `json:"path"`
	Status       downloader.Status   `json:"status"`
	Bytes        int64               `json:"bytes"`
	ResumedBytes int64               `json:"resumed_bytes"`
	FetchedBytes int64               `json:"fetched_bytes"`
	Attempts     int64               `json:"attempts"`
	StartedAt    string              `json:"started_at"`
	DurationMS   int64               `json:"duration_ms"`
	List         string              `json:"list"`
	Line         int64               `json:"line"`
	Error        *downloader.Failure `json:"error"`

	started time.Time // zero if it is not known
}

// Bounds of what a record may say, far above what is real and so low that sums
// of billions of them do not overflow.
const (
	maxBytes    = 1 << 50                                              // 1 PiB
	maxDuration = int64(100 * 365 * 24 * time.Hour / time.Millisecond) // 100 years
	maxAttempts = 1 << 30
)

// parseRecord reads one line. An error says, in few words, why it is no record.
func parseRecord(line []byte) (*record, error) {
	var rec record
	if err := json.Unmarshal(line, &rec); err != nil {
		return nil, explainJSON(err)
	}
	if err := rec.check(); err != nil {
		return nil, err
	}
	rec.started = parseTime(rec.StartedAt)
	return &rec, nil
}

func explainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("is %s, not an object", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("%s cannot be %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w", syntax)
	}
	return err
}

func (rec *record) check() error {
	switch rec.Status {
	case downloader.Complete, downloader.Skipped, downloader.Failed:
	case "":
		return errors.New("has no status")
	default:
		return fmt.Errorf("unknown status %q", show(string(rec.Status), maxKind))
	}
	for _, n := range []struct {
		name        string
		value, most int64
	}{
		{"bytes", rec.Bytes, maxBytes},
		{"resumed_bytes", rec.ResumedBytes, maxBytes},
		{"fetched_bytes", rec.FetchedBytes, maxBytes},
		{"attempts", rec.Attempts, maxAttempts},
		{"duration_ms", rec.DurationMS, maxDuration},
	} {
		if n.value < 0 || n.value > n.most {
			return fmt.Errorf("%s cannot be %d", n.name, n.value)
		}
	}
	return nil
}

// parseTime reads RFC 3339. A time that no run can have had, such as the zero
// time of a job that never began, would stretch the timeline over centuries and
// counts as not known.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 2000 || t.Year() >= 2200 {
		return time.Time{}
	}
	return t
}

// place says where the job stood: list:line.
func (rec *record) place() string {
	switch {
	case rec.List == "":
		return ""
	case rec.Line <= 0:
		return show(rec.List, maxName)
	}
	return fmt.Sprintf("%s:%d", show(rec.List, maxName), rec.Line)
}

func exampleOf(rec *record, message string) example {
	return example{Place: rec.place(), URL: showURL(rec.URL), Message: showMessage(message, rec.URL)}
}
