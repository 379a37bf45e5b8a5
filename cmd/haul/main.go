// Command haul downloads lists of URLs into a folder of whole files. See
// "haul help".
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}, os.LookupEnv))
}
