package bucket_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/bucket"
	"hastaluego/internal/fault"
)

func good() bucket.Target {
	return bucket.Target{Endpoint: " https://s3.eu-west-1.amazonaws.com/ ", Region: "eu-west-1", Bucket: "mis-copias", Folder: "/2027/faro/", KeyID: "AKIA", Secret: "s3cr3t"}
}

func TestWhatIsWrongWithATargetIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	got, l := bucket.Read(good())
	if len(l) > 0 || got.Endpoint != "https://s3.eu-west-1.amazonaws.com" || got.Object("a.zip") != "2027/faro/a.zip" || got.Place() != "mis-copias/2027/faro (s3.eu-west-1.amazonaws.com)" {
		t.Errorf("%+v: %v", got, l)
	}
	for _, c := range []struct {
		field string
		make  func(*bucket.Target)
	}{
		{"endpoint", func(t *bucket.Target) { t.Endpoint = "s3.amazonaws.com" }},
		{"endpoint", func(t *bucket.Target) { t.Endpoint = "file:///etc/passwd" }},
		{"endpoint", func(t *bucket.Target) { t.Endpoint = "https://user:pw@s3.example" }},
		{"endpoint", func(t *bucket.Target) { t.Endpoint = "https://s3.example/?x=1" }},
		{"region", func(t *bucket.Target) { t.Region = "" }},
		{"region", func(t *bucket.Target) { t.Region = "eu west" }},
		{"bucket", func(t *bucket.Target) { t.Bucket = "Mis Copias" }},
		{"bucket", func(t *bucket.Target) { t.Bucket = "a..b" }},
		{"folder", func(t *bucket.Target) { t.Folder = "a/../b" }},
		{"folder", func(t *bucket.Target) { t.Folder = "a b" }},
		{"key_id", func(t *bucket.Target) { t.KeyID = " " }},
		{"secret", func(t *bucket.Target) { t.Secret = "" }},
	} {
		in := good()
		c.make(&in)
		if _, l := bucket.Read(in); len(l) != 1 || !slices.ContainsFunc(l, func(e *fault.Error) bool { return e.Field == c.field }) {
			t.Errorf("%+v: %v", in, l)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("https://s3.example", "eu", "b-1", "a/b", "k", "s")
	f.Fuzz(func(t *testing.T, endpoint, region, name, folder, key, secret string) {
		got, l := bucket.Read(bucket.Target{Endpoint: endpoint, Region: region, Bucket: name, Folder: folder, KeyID: key, Secret: secret})
		if len(l) > 0 {
			return
		}
		if strings.Contains(got.Object("f.zip"), "..") || strings.HasPrefix(got.Object("f.zip"), "/") || strings.Contains(got.Place(), "\n") {
			t.Errorf("%+v", got)
		}
	})
}
