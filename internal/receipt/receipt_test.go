package receipt_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/pdfsign"
	"hastaluego/internal/receipt"
)

const reference = "HL-7K4M-29QX-3F9A2C"

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signedJSON is a compact JWS over a payload.
func signedJSON(key ed25519.PrivateKey, header, payload string) string {
	over := b64([]byte(header)) + "." + b64([]byte(payload))
	return over + "." + b64(ed25519.Sign(key, []byte(over)))
}

func newKey(t testing.TB) (public []byte, key ed25519.PrivateKey) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pub, key
}

const about = `{"request": "` + reference + `", "erased_on": "2027-02-01"}`

// A JSON is theirs only where a pinned key signed exactly what it says, about exactly
// this request.
func TestASignedJSONIsTheirsOnlyWithAPinnedKeyAndOurReference(t *testing.T) {
	t.Parallel()
	pub, key := newKey(t)
	_, other := newKey(t)
	pins := receipt.Pins{Keys: [][]byte{pub}}
	good := signedJSON(key, `{"alg": "EdDSA"}`, about)
	parts := strings.Split(good, ".")
	flat, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pub)
	for name, x := range map[string]struct {
		file string
		pins receipt.Pins
		want receipt.Judgement
		code string
	}{
		"compact":                  {good + "\n", pins, receipt.Judgement{Proof: receipt.Signed, Key: hex.EncodeToString(sum[:])}, ""},
		"flattened":                {string(flat), pins, receipt.Judgement{Proof: receipt.Signed, Key: hex.EncodeToString(sum[:])}, ""},
		"no key is pinned":         {good, receipt.Pins{}, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unknown}, ""},
		"of another":               {signedJSON(other, `{"alg": "EdDSA"}`, about), pins, receipt.Judgement{}, "receipt.not_theirs"},
		"changed":                  {parts[0] + "." + b64([]byte(strings.Replace(about, "2027", "2026", 1))) + "." + parts[2], pins, receipt.Judgement{}, "receipt.not_theirs"},
		"about another request":    {signedJSON(key, `{"alg": "EdDSA"}`, `{"request": "HL-0000-0000-000000"}`), pins, receipt.Judgement{}, "receipt.other"},
		"about none":               {signedJSON(key, `{"alg": "EdDSA"}`, `{"erased": true}`), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Nameless}, ""},
		"no JSON in it":            {signedJSON(key, `{"alg": "EdDSA"}`, `borrado`), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Nameless}, ""},
		"with no algorithm":        {signedJSON(key, `{"alg": "none"}`, about), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unread}, ""},
		"with something critical":  {signedJSON(key, `{"alg": "EdDSA", "crit": ["exp"]}`, about), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unread}, ""},
		"with a payload unencoded": {signedJSON(key, `{"alg": "EdDSA", "b64": false}`, about), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unread}, ""},
		"a text":                   {"Lo hemos borrado todo. Atentamente.", pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unsigned}, ""},
		"a JSON without signature": {about, pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unsigned}, ""},
		"nothing":                  {"", pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unsigned}, ""},
	} {
		got, err := receipt.Judge([]byte(x.file), x.pins, reference)
		if (err != nil) != (x.code != "") || err != nil && fault.CodeOf(err) != x.code || got != x.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// identity is a key with a certificate made by itself.
func identity(t testing.TB) pdfsign.Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Correo Claro"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pdfsign.Identity{Key: key, Certificate: cert}
}

func paper(t testing.TB) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.AddPage()
	f.SetFont("Helvetica", "", 12)
	f.Text(20, 20, "Recibo de borrado "+reference)
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func signedPaper(t testing.TB, who pdfsign.Identity) []byte {
	t.Helper()
	out, err := pdfsign.Sign(paper(t), who, pdfsign.Signature{Name: "Correo Claro", Reason: "Recibo", At: time.Unix(1800000000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A PDF is theirs only where its last signature covers all of it and is of a pinned
// certificate; what was changed after signing is refused.
func TestASignedPDFIsTheirsOnlyWithAPinnedCertificate(t *testing.T) {
	t.Parallel()
	who := identity(t)
	sum := sha256.Sum256(who.Certificate.Raw)
	pins := receipt.Pins{Certificates: [][]byte{sum[:]}}
	good := signedPaper(t, who)
	signed := receipt.Judgement{Proof: receipt.Signed, Key: hex.EncodeToString(sum[:])}
	for name, x := range map[string]struct {
		file []byte
		pins receipt.Pins
		want receipt.Judgement
		code string
	}{
		"theirs":                    {good, pins, signed, ""},
		"no certificate is pinned":  {good, receipt.Pins{}, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unknown}, ""},
		"of another":                {signedPaper(t, identity(t)), pins, receipt.Judgement{}, "receipt.not_theirs"},
		"changed":                   {bytes.Replace(good, []byte("/Type /Page\n"), []byte("/Type /Pagf\n"), 1), pins, receipt.Judgement{}, "receipt.broken"},
		"something appended":        {append(bytes.Clone(good), "\n% more"...), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Appended}, ""},
		"unsigned":                  {paper(t), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unsigned}, ""},
		"a range that leads beyond": {[]byte("%PDF-1.7 /ByteRange [0 9999999999 9999999999 9999999999]"), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unread}, ""},
		"a range without a gap":     {[]byte("%PDF-1.7 /ByteRange [0 10 10 40]"), pins, receipt.Judgement{Proof: receipt.Attested, Why: receipt.Unread}, ""},
	} {
		got, err := receipt.Judge(x.file, x.pins, reference)
		if (err != nil) != (x.code != "") || err != nil && fault.CodeOf(err) != x.code || got != x.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Whatever byte of a signed file is changed, it is theirs no longer; but for the
// signature itself, whose digits may be written large or small.
func TestNoByteOfWhatIsSignedCanBeChanged(t *testing.T) {
	t.Parallel()
	who := identity(t)
	sum := sha256.Sum256(who.Certificate.Raw)
	pub, key := newKey(t)
	pins := receipt.Pins{Certificates: [][]byte{sum[:]}, Keys: [][]byte{pub}}
	pdf := signedPaper(t, who)
	files := [][]byte{pdf, []byte(signedJSON(key, `{"alg": "EdDSA"}`, about))}
	from := bytes.LastIndex(pdf, []byte("/Contents <"))
	to := from + bytes.IndexByte(pdf[from:], '>')
	rapid.Check(t, func(t *rapid.T) {
		file := bytes.Clone(rapid.SampledFrom(files).Draw(t, "file"))
		i := rapid.IntRange(0, len(file)-1).Draw(t, "byte")
		was := file[i]
		file[i] = rapid.Byte().Draw(t, "is")
		if file[i] == was || len(file) == len(pdf) && from < i && i < to {
			return
		}
		if got, err := receipt.Judge(file, pins, reference); err == nil && got.Proof == receipt.Signed {
			t.Fatalf("byte %d: %x became %x, and it is still theirs", i, was, file[i])
		}
	})
}

// Nothing that anybody sends brings it down, or is theirs without a pinned key.
func FuzzJudge(f *testing.F) {
	_, key := newKey(f)
	who := identity(f)
	f.Add(signedPaper(f, who))
	f.Add([]byte(signedJSON(key, `{"alg": "EdDSA"}`, about)))
	f.Add([]byte(`{"payload": "e30", "protected": "e30", "signature": "e30"}`))
	f.Add([]byte("%PDF-1.7 /ByteRange [0 20 24 10]<3080>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := receipt.Judge(file, receipt.Pins{}, reference)
		if err == nil && got.Proof != receipt.Attested || got.Key != "" {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}
