package session_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-9a1263fe/haul/downloader/session"
)

// Linux has all of 127.0.0.0/8 without setting it up.
func TestLocalAddressIsBound(t *testing.T) {
	from := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { from <- r.RemoteAddr }))
	defer srv.Close()
	if _, _, err := get(t, start(t, session.Config{LocalAddr: mustAddr("127.0.0.9")}), srv.URL); err != nil {
		t.Fatal(err)
	}
	if host, _, _ := net.SplitHostPort(<-from); host != "127.0.0.9" {
		t.Fatalf("connected from %s, want 127.0.0.9", host)
	}
}

func TestInterfaceThatIsNotThereFailsToConnect(t *testing.T) {
	_, _, err := get(t, start(t, session.Config{Interface: "nosuch0"}), "http://127.0.0.1:9/")
	wantKind(t, err, session.KindConnect)
}
