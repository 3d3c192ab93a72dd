package pdfsign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// The names of what a signature is made of (RFC 5652, 5035, 5754).
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type signerInfo struct {
	Version   int
	Who       issuerAndSerial
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      struct{ Type asn1.ObjectIdentifier }
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

// detached is the CMS over a content that is elsewhere, known by its SHA-256. It
// says no time: that stands in the PDF, and a time that we say ourselves proves
// nothing more when it is said twice.
func detached(content []byte, who Identity) ([]byte, error) {
	if _, ok := who.Key.Public().(*ecdsa.PublicKey); !ok {
		return nil, fmt.Errorf("a key of the kind %T", who.Key.Public())
	}
	hash := sha256.Sum256(who.Certificate.Raw)
	signed, err := attributes(map[string]any{
		oidContentType.String():   oidData,
		oidMessageDigest.String(): content,
		// SigningCertificateV2 ::= SEQUENCE { SEQUENCE OF ESSCertIDv2 }, whose hash is SHA-256 where none is named.
		oidSigningCertV2.String(): struct{ Certs []struct{ Hash []byte } }{[]struct{ Hash []byte }{{hash[:]}}},
	})
	if err != nil {
		return nil, err
	}
	set, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: signed})
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(set)
	signature, err := who.Key.Sign(nil, digest[:], crypto.SHA256) // no chance in it: RFC 6979
	if err != nil {
		return nil, err
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	sd := signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: who.Certificate.Raw},
		Signers: []signerInfo{{
			Version: 1, Who: issuerAndSerial{asn1.RawValue{FullBytes: who.Certificate.RawIssuer}, who.Certificate.SerialNumber}, Digest: sha,
			Signed:    asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: signed},
			Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSASHA256}, Signature: signature,
		}},
	}
	sd.Content.Type = oidData
	return asn1.Marshal(contentInfo{oidSignedData, sd})
}

// attributes are what is signed, in the order of their encoding, as DER wants a set.
func attributes(values map[string]any) ([]byte, error) {
	var list [][]byte
	for _, typ := range []asn1.ObjectIdentifier{oidContentType, oidMessageDigest, oidSigningCertV2} {
		v, err := asn1.Marshal(values[typ.String()])
		if err != nil {
			return nil, err
		}
		a, err := asn1.Marshal(attribute{typ, asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: v}})
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(x, y []byte) int { return slices.Compare(x, y) })
	return slices.Concat(list...), nil
}
