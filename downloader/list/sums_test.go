package list

import (
	"strings"
	"testing"
)

func TestAlgorithmIsToldByTheLengthOfTheSum(t *testing.T) {
	for digits, want := range map[int]string{32: "md5", 40: "sha-1", 56: "sha-224", 64: "sha-256", 96: "sha-384", 128: "sha-512"} {
		r := one(t, Config{Base: "http://h", Format: Sums}, strings.Repeat("0", digits)+"  a\n")
		if r.Defect != nil || r.Checksum.Algorithm != want {
			t.Errorf("%d digits: got %+v, want %s", digits, r, want)
		}
	}
}

func TestChecksumLists(t *testing.T) {
	var (
		md5  = strings.Repeat("0a", 16)
		s256 = strings.Repeat("0b", 32)
	)
	tests := []struct{ name, base, input, want string }{
		{"empty", "http://h/d", "", ""},
		{"text and binary", "http://h/d/", s256 + "  a b.bin\n" + md5 + " *sub/c%.bin\n",
			"1 http://h/d/a%20b.bin out=a b.bin checksum=sha-256=" + s256 + "\n2 http://h/d/sub/c%25.bin out=sub/c%.bin checksum=md5=" + md5 + "\n"},
		{"base with a query", "http://h/d?token=x", s256 + "  ./a\r\n", "1 http://h/d/a?token=x out=a checksum=sha-256=" + s256 + "\n"},
		{"tagged", "http://h", "SHA256 (a (1).bin) = " + s256 + "\n", "1 http://h/a%20%281%29.bin out=a (1).bin checksum=sha-256=" + s256 + "\n"},
		{"names that are URLs", "", s256 + "  https://h/a\n", "1 https://h/a checksum=sha-256=" + s256 + "\n"},
		{"escaped name", "http://h", `\` + s256 + `  a\\b\nc` + "\n", "1 http://h/a%5Cb%0Ac out=a\\b\nc checksum=sha-256=" + s256 + "\n"},
		{"no base", "", s256 + "  a\n", "1  out=a checksum=sha-256=" + s256 + " !invalid_url\n"},
		{"comments and blanks", "http://h", "# x\n\n" + s256 + "  a\n", "3 http://h/a out=a checksum=sha-256=" + s256 + "\n"},
		{"not a sum", "http://h", "hello\nabcd  a\n" + strings.Repeat("z", 64) + "  a\nMD4 (a) = 00\n" + s256 + " a\n" + s256 + "  \n",
			"1  !protocol\n2  !protocol\n3  !protocol\n4  !protocol\n5  !protocol\n6  !protocol\n"},
		{"long line", "http://h", s256 + "  " + strings.Repeat("a", 300) + "\n" + s256 + "  a\n", "1  !protocol\n2 http://h/a out=a checksum=sha-256=" + s256 + "\n"},
		{"name that leaves", "http://h/d", s256 + "  ../a\n", "1 http://h/d/../a out=../a checksum=sha-256=" + s256 + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkList(t, Config{Name: "SHA256SUMS", Format: Sums, Base: tt.base, MaxEntry: 200}, tt.input, tt.want)
		})
	}
}
