package name_test

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/seed-9a1263fe/haul/downloader/name"
)

func ExampleOf() {
	u, err := url.Parse("https://example.com/files/report%20(final).pdf?session=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(name.Of("", u))
	fmt.Println(name.Of(`attachment; filename*=UTF-8''na%C3%AFve.txt; filename="naive.txt"`, u))
	fmt.Println(name.Of(`attachment; filename="../../.bashrc"`, u))
	// Output:
	// report (final).pdf
	// naïve.txt
	// _bashrc
}

func ExampleJoin() {
	key, err := name.Join("2024", "a/b.bin")
	fmt.Println(key, err)
	_, err = name.Join("", "../b.bin")
	var e *name.Error
	fmt.Println(errors.As(err, &e), err)
	// Output:
	// 2024/a/b.bin <nil>
	// true name "../b.bin" leaves the directory with ".."
}

func ExampleSuffix() {
	fmt.Println(name.Suffix("d/photo.jpg", 1), name.Suffix("d/a.tar.gz", 2))
	// Output: d/photo.1.jpg d/a.tar.2.gz
}
