package main

import (
	"time"

	"github.com/seed-9a1263fe/haul/downloader"
	"github.com/seed-9a1263fe/haul/store"
)

// options is what flags, environment and configuration file say, in the units
// of the flags. settings.go turns it into what the packages take.
type options struct {
	// What to fetch.
	lists  []string
	format string
	dedupe string

	// Where it goes.
	dir, out       string
	checksum       store.Digest
	rename         bool
	overwrite      bool
	remoteTime     bool
	conditional    bool
	expectType     string
	fileAllocation string
	durability     string

	// How much at once.
	files, hostConns, split int
	minSplit                int64

	// How long and how often to try.
	tries          int
	retryWait      time.Duration
	timeout        time.Duration
	connectTimeout time.Duration
	lowestSpeed    int64

	// Limits.
	overallRate, hostRate int64
	maxFileSize           int64

	// What is said to servers.
	headers            []string
	refreshCommand     string
	robots             bool
	userAgent, referer string
	user, password     string
	netrcFile, cookies string

	// How servers are reached.
	proxy, noProxy string
	httpVersion    string
	resolve        []string
	iface          string
	ipv4, ipv6     bool
	maxRedirect    int
	blockPrivate   bool

	caFile, certFile, keyFile string
	checkCertificate          bool

	// What is written beside the files.
	results, saveSession string
	retryFrom            string
	only                 []string
	onComplete           string
	dryRun               bool

	// How the program speaks.
	quiet, noProgress   bool
	logLevel, logFormat string

	confPath string
	noConf   bool
}

// defaultOptions are the values that the help shows.
func defaultOptions() *options {
	return &options{
		format:           "auto",
		dedupe:           "exact",
		dir:              ".",
		rename:           true,
		fileAllocation:   "auto",
		durability:       "interval",
		files:            downloader.DefaultMaxFiles,
		hostConns:        downloader.DefaultHostConns,
		split:            downloader.DefaultSplit,
		minSplit:         downloader.DefaultMinSplit,
		tries:            downloader.DefaultMaxTries,
		retryWait:        downloader.DefaultRetryWait,
		timeout:          time.Minute,
		connectTimeout:   30 * time.Second,
		httpVersion:      "auto",
		maxRedirect:      20,
		checkCertificate: true,
		logLevel:         "warn",
		logFormat:        "text",
	}
}
