package fileq_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/seed-9a1263fe/haul/queue"
	"github.com/seed-9a1263fe/haul/queue/fileq"
)

// lines is a list format like the plain one: a job a line; '#' begins a comment
// line, and a line that begins with a space is an option of the job above it.
type lines struct{}

func (lines) Jobs(r io.Reader, _ int64) iter.Seq2[fileq.Entry, error] {
	return func(yield func(fileq.Entry, error) bool) {
		var e fileq.Entry
		var body []byte
		open := false
		emit := func() bool {
			e.Job = lineJob(string(body))
			more := yield(e, nil)
			e, body, open = fileq.Entry{}, nil, false
			return more
		}
		in := bufio.NewReader(r)
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				text := bytes.TrimRight(line, "\n")
				begins := len(text) > 0 && text[0] != '#' && text[0] != ' '
				if begins && open && !emit() {
					return
				}
				open = open || begins
				if len(text) > 0 && text[0] != '#' {
					body = append(body, text...)
				}
				e.Size += int64(len(line))
				e.Lines++
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				yield(fileq.Entry{}, err)
				return
			}
		}
		if open {
			emit()
		}
	}
}

// lineJob is the job of a line.
func lineJob(text string) queue.Job {
	sum := sha256.Sum256([]byte(text))
	return queue.Job{ID: queue.ID(sum[:16]), Host: "http://host.test:80", Body: []byte(text)}
}

// textList is a list that holds text. Its name and time are those of a file
// that was just written.
func textList(name, text string, written int) fileq.List {
	return fileq.List{
		Name:    name,
		Reader:  strings.NewReader(text),
		Size:    int64(len(text)),
		ModTime: time.Unix(int64(written), 0),
		Format:  lines{},
	}
}

func addList(t testing.TB, q *fileq.Queue, l fileq.List) {
	t.Helper()
	if err := q.AddList(t.Context(), l); err != nil {
		t.Fatalf("AddList: %v", err)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// next borrows a job and returns it with its text.
func next(t testing.TB, q *fileq.Queue) (queue.Lease, string) {
	t.Helper()
	l, err := q.Next(t.Context())
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return l, string(l.Job().Body)
}

// take borrows n jobs, acknowledges them, and returns their texts.
func take(t testing.TB, q *fileq.Queue, n int) []string {
	t.Helper()
	var texts []string
	for range n {
		l, text := next(t, q)
		ok(t, l.Ack(t.Context()))
		texts = append(texts, text)
	}
	return texts
}

// drain seals the queue, acknowledges all that it lends, and returns the texts.
func drain(t testing.TB, q *fileq.Queue) []string {
	t.Helper()
	ok(t, q.Seal(t.Context()))
	var texts []string
	for {
		l, err := q.Next(t.Context())
		if errors.Is(err, queue.ErrDrained) {
			return texts
		}
		ok(t, err)
		texts = append(texts, string(l.Job().Body))
		ok(t, l.Ack(t.Context()))
	}
}
