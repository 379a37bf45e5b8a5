package list_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/downloader/list"
)

func ExampleOpen() {
	const input = `# releases
https://example.com/a.iso	https://mirror.example/a.iso
  out=images/a.iso
ftp://example.com/b.iso
https://example.com/c d.iso
`
	src, err := list.Open(strings.NewReader(input), list.Config{Name: "urls.txt"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	for e, err := range src.Requests() {
		if err != nil {
			fmt.Println(err)
			return
		}
		r := e.Request
		if r.Defect != nil {
			fmt.Printf("%s:%d: %v\n", r.List, r.Line, r.Defect)
			continue
		}
		fmt.Println(r.Line, r.URLs, r.Out)
	}
	// Output:
	// 2 [https://example.com/a.iso https://mirror.example/a.iso] images/a.iso
	// urls.txt:4: unsupported_scheme: scheme "ftp" is not supported, only http and https are
	// 5 [https://example.com/c%20d.iso]
}

// An entry's sizes lead back to it: here to the second one.
func ExampleDecoder_Requests() {
	const input = "https://example.com/a\n  out=x\n\nhttps://example.com/b\n"
	d := list.NewDecoder(list.Config{Format: list.Plain})
	off, line := int64(0), int64(1)
	for e := range d.Requests(strings.NewReader(input), line) {
		off, line = e.Size, line+e.Lines
		break
	}
	for e := range d.Requests(strings.NewReader(input[off:]), line) {
		fmt.Println(off, e.Request.Line, e.Request.URLs[0])
	}
	// Output: 31 4 https://example.com/b
}

func ExampleWritePlain() {
	r := downloader.Request{
		URLs:   []string{"https://example.com/a.iso", "https://mirror.example/a.iso"},
		Out:    "a.iso",
		Header: []downloader.Field{{Name: "Accept-Language", Value: "de"}},
	}
	if err := list.WritePlain(os.Stdout, r); err != nil {
		fmt.Println(err)
	}
	// Output:
	// https://example.com/a.iso	https://mirror.example/a.iso
	//  out=a.iso
	//  header=Accept-Language: de
}
