package list

import (
	"bytes"
	"path"
	"strings"
)

// Detect finds out the format of a list by its name and, where that says
// nothing, by its beginning. It answers Plain if nothing speaks for another.
func Detect(name string, head []byte) Format {
	if f := byName(name); f != Auto {
		return f
	}
	return byContent(head)
}

// byName goes by the extension, below one of compression.
func byName(name string) Format {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	switch ext := path.Ext(name); ext {
	case ".gz", ".zst", ".zstd":
		name = strings.TrimSuffix(name, ext)
	}
	switch path.Ext(name) {
	case ".jsonl", ".ndjson":
		return JSONL
	case ".csv":
		return CSV
	case ".tsv", ".tab":
		return TSV
	case ".meta4", ".metalink":
		return Metalink
	case ".md5", ".sha1", ".sha224", ".sha256", ".sha384", ".sha512":
		return Sums
	}
	switch name {
	case "md5sums", "sha1sums", "sha224sums", "sha256sums", "sha384sums", "sha512sums":
		return Sums
	}
	return Auto
}

// byContent goes by the first line that says something.
func byContent(head []byte) Format {
	first := firstLine(head)
	text := bytes.TrimSpace(first)
	switch {
	case len(text) == 0:
		return Plain
	case text[0] == '{':
		return JSONL
	case text[0] == '<':
		return Metalink
	case namesURL(text, ','):
		return CSV
	case namesURL(text, '\t'):
		return TSV
	}
	if _, _, err := parseSum(string(bytes.TrimRight(first, "\r"))); err == nil {
		return Sums
	}
	return Plain
}

// firstLine is the first line of head that is neither blank nor a comment.
func firstLine(head []byte) []byte {
	head = bytes.TrimPrefix(head, bom)
	for text := range bytes.SplitSeq(head, []byte("\n")) {
		if !isBlank(text) && text[0] != '#' {
			return text
		}
	}
	return nil
}

// namesURL reports whether text is a line of column names with one for the URL.
func namesURL(text []byte, comma byte) bool {
	for name := range bytes.SplitSeq(text, []byte{comma}) {
		name = bytes.Trim(bytes.TrimSpace(name), `"`)
		if bytes.EqualFold(name, []byte("url")) || bytes.EqualFold(name, []byte("urls")) {
			return true
		}
	}
	return false
}
