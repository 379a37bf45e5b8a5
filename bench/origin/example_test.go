package origin_test

import (
	"fmt"
	"io"
	"log"

	"github.com/seed-9a1263fe/haul/bench/origin"
)

// A server that breaks the first answer off and then behaves.
func Example() {
	o := origin.New(origin.Config{Seed: 1})
	f := o.Add("/a.bin", origin.File{
		Size:   1 << 20,
		Faults: []origin.Fault{{Times: 1, Break: origin.CutAfter(1000)}},
	})
	srv, err := o.Start(origin.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	client := srv.Client()
	defer client.CloseIdleConnections()

	for range 2 {
		resp, err := client.Get(srv.URL("/a.bin"))
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(len(body), "bytes,", err, "wrong:", f.Check(body, 0))
	}
	fmt.Println(o.FileStats("/a.bin").BodyBytes, "bytes served")
	// Output:
	// 1000 bytes, unexpected EOF wrong: <nil>
	// 1048576 bytes, <nil> wrong: <nil>
	// 1049576 bytes served
}
