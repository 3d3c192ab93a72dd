package receipt

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // of what is signed
	_ "crypto/sha512" // likewise
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"regexp"
	"strconv"

	"hastaluego/internal/fault"
)

var byteRange = regexp.MustCompile(`/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]`)

// judgePDF looks at the last signature of a PDF, which must cover all of it but
// itself.
func judgePDF(file []byte, pins Pins) (Judgement, error) {
	all := byteRange.FindAllSubmatch(file, -1)
	if len(all) == 0 {
		return attested(Unsigned), nil
	}
	var at [4]int
	for i, digits := range all[len(all)-1][1:] {
		at[i], _ = strconv.Atoi(string(digits)) // ten digits at most
	}
	from, to := at[1], at[2]
	if at[0] != 0 || from > to || to > len(file) || at[3] > len(file)-to {
		return attested(Unread), nil
	}
	if at[3] < len(file)-to {
		return attested(Appended), nil
	}
	gap := file[from:to]
	if len(gap) < 2 || gap[0] != '<' || gap[len(gap)-1] != '>' {
		return attested(Unread), nil
	}
	raw := make([]byte, hex.DecodedLen(len(gap)-2))
	if _, err := hex.Decode(raw, gap[1:len(gap)-1]); err != nil {
		return attested(Unread), nil
	}
	s, ok := readCMS(raw)
	if !ok {
		return attested(Unread), nil
	}
	switch holds, readable := s.holds(bytes.Join([][]byte{file[:from], file[to:]}, nil)); {
	case !readable:
		return attested(Unread), nil
	case !holds:
		return Judgement{}, fault.New(fault.Invalid, "receipt.broken").On("file")
	}
	sum := sumOf(s.cert.Raw)
	if !has(pins.Certificates, sum) {
		return stranger(pins.Certificates)
	}
	return signed(sum), nil
}

// The names of what a signature is made of (RFC 5652, 5754, 8410).
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	digests          = map[string]crypto.Hash{"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512}
	algorithms       = map[string]map[crypto.Hash]x509.SignatureAlgorithm{
		"1.2.840.113549.1.1.1":  {crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA},
		"1.2.840.113549.1.1.11": {crypto.SHA256: x509.SHA256WithRSA},
		"1.2.840.113549.1.1.12": {crypto.SHA384: x509.SHA384WithRSA},
		"1.2.840.113549.1.1.13": {crypto.SHA512: x509.SHA512WithRSA},
		"1.2.840.10045.4.3.2":   {crypto.SHA256: x509.ECDSAWithSHA256},
		"1.2.840.10045.4.3.3":   {crypto.SHA384: x509.ECDSAWithSHA384},
		"1.2.840.10045.4.3.4":   {crypto.SHA512: x509.ECDSAWithSHA512},
		"1.3.101.112":           {crypto.SHA256: x509.PureEd25519, crypto.SHA512: x509.PureEd25519},
	}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      asn1.RawValue
	Content      asn1.RawValue
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Revoked      asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version   int
	Who       asn1.RawValue
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

// cms is a detached signature of one signer, with the certificate that it carries.
type cms struct {
	signerInfo
	cert *x509.Certificate
}

// readCMS reads one that is filled up with zeros; false where it is of another form.
func readCMS(raw []byte) (s cms, ok bool) {
	var info contentInfo
	rest, err := asn1.Unmarshal(raw, &info)
	if err != nil || !info.Type.Equal(oidSignedData) || len(bytes.Trim(rest, "\x00")) > 0 {
		return s, false
	}
	var sd signedData
	if rest, err := asn1.Unmarshal(info.Content.Bytes, &sd); err != nil || len(rest) > 0 || len(sd.Signers) != 1 {
		return s, false
	}
	s.signerInfo = sd.Signers[0]
	certs, err := x509.ParseCertificates(sd.Certificates.Bytes)
	if err != nil {
		return s, false
	}
	for _, c := range certs {
		if s.by(c) {
			s.cert = c
		}
	}
	return s, s.cert != nil
}

// by reports whether a certificate is the one that the signer says is theirs.
func (s signerInfo) by(c *x509.Certificate) bool {
	if s.Who.Class == asn1.ClassContextSpecific {
		return s.Who.Tag == 0 && len(c.SubjectKeyId) > 0 && bytes.Equal(s.Who.Bytes, c.SubjectKeyId)
	}
	var who issuerAndSerial
	rest, err := asn1.Unmarshal(s.Who.FullBytes, &who)
	return err == nil && len(rest) == 0 && bytes.Equal(who.Issuer.FullBytes, c.RawIssuer) && who.Serial.Cmp(c.SerialNumber) == 0
}

// holds reports whether the signature fits a content; readable is false where it is
// of a form, or with an algorithm, that is not read here.
func (s cms) holds(content []byte) (holds, readable bool) {
	hash, known := digests[s.Digest.Algorithm.String()]
	algorithm, ours := algorithms[s.Algorithm.Algorithm.String()][hash]
	if !known || !ours {
		return false, false
	}
	over := content
	if len(s.Signed.FullBytes) > 0 {
		said, ok := s.digest()
		if !ok {
			return false, false
		}
		h := hash.New()
		h.Write(content)
		if !bytes.Equal(said, h.Sum(nil)) {
			return false, true
		}
		over = bytes.Clone(s.Signed.FullBytes)
		over[0] = asn1.TagSet | 0x20 // what is signed is the set, not its place in the structure
	}
	return s.cert.CheckSignature(algorithm, over, s.Signature) == nil, true
}

// digest is the sum of the content that the signed attributes say.
func (s cms) digest() (sum []byte, ok bool) {
	for rest := s.Signed.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return nil, false
		}
		if !a.Type.Equal(oidMessageDigest) {
			continue
		}
		if sum != nil { // which of them counts nobody knows
			return nil, false
		}
		if _, err := asn1.Unmarshal(a.Values.Bytes, &sum); err != nil {
			return nil, false
		}
	}
	return sum, sum != nil
}
