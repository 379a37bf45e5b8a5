package session

import (
	"net/url"
	"strings"
	"testing"
)

func TestRedactHidesWhatAuthenticates(t *testing.T) {
	for in, want := range map[string]string{
		"http://a/b":                            "http://a/b",
		"http://a/b?x=1&y=2":                    "http://a/b?x=1&y=2",
		"http://u:p@a/b":                        "http://xxxxx@a/b",
		"http://token@a/b":                      "http://xxxxx@a/b",
		"http://a/b#access_token=1":             "http://a/b",
		"http://a/b?X-Amz-Signature=1&n=2":      "http://a/b?X-Amz-Signature=xxxxx&n=2",
		"http://a/b?X-Amz-Credential=1":         "http://a/b?X-Amz-Credential=xxxxx",
		"http://a/b?X-Amz-Security-Token=1":     "http://a/b?X-Amz-Security-Token=xxxxx",
		"http://a/b?x-goog-signature=1":         "http://a/b?x-goog-signature=xxxxx",
		"http://a/b?sv=1&sig=abc%3D&se=2":       "http://a/b?sv=1&sig=xxxxx&se=2",
		"http://a/b?Policy=1&Key-Pair-Id=2":     "http://a/b?Policy=xxxxx&Key-Pair-Id=2",
		"http://a/b?hdnea=exp~hmac":             "http://a/b?hdnea=xxxxx",
		"http://a/b?api%5Fkey=1":                "http://a/b?api%5Fkey=xxxxx",
		"http://a/b?Token=1;x=2":                "http://a/b?Token=xxxxx",
		"http://a/b?password=":                  "http://a/b?password=",
		"http://a/monkey?monkey=1&author=me":    "http://a/monkey?monkey=1&author=me",
		"http://u:p%40q@a:8080/b?key=1&key=2#f": "http://xxxxx@a:8080/b?key=xxxxx&key=xxxxx",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Redact(u); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := Redact(nil); got != "" {
		t.Errorf("no URL: got %q", got)
	}
	for in, want := range map[string]string{"http://u:p@[bad": "http://xxxxx", "://u:p@x": "://xxxxx", "\x7fhush": "xxxxx"} {
		if got := RedactString(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("u", "hush", "h", "/p", "sig", "hush2", "f")
	f.Fuzz(func(t *testing.T, user, password, host, path, name, value, fragment string) {
		const secret = "S3CR3T0123"
		u := url.URL{Scheme: "http", Host: host, Path: path, User: url.UserPassword(user, password+secret), Fragment: fragment + secret}
		u.RawQuery = url.Values{name: {value}, "X-Amz-Signature": {value + secret}, name + "token": {secret}}.Encode()
		if strings.Contains(host+path+name+value+user, secret) {
			return
		}
		for _, got := range []string{Redact(&u), RedactString(u.String())} {
			if strings.Contains(got, secret) {
				t.Fatalf("%s shows the secret", got)
			}
		}
	})
}
