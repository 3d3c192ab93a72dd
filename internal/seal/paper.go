package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"hastaluego/internal/fault"
)

// paperSince is from when the certificate that papers are signed with is valid:
// the first day of the year in which the first of them was. It has no end, as
// RFC 5280 §4.1.2.5 writes it: a paper must be checked after years.
var (
	paperSince = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	paperUntil = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
)

// PaperSigner returns the key that signs papers, and its certificate, made by
// itself and named as the log is. Both follow from the master key alone: every
// node, and a house that was carried elsewhere, signs with the same, and nothing
// more is to be kept.
func (k *Keys) PaperSigner() (*ecdsa.PrivateKey, *x509.Certificate, error) {
	const op = "seal.PaperSigner"
	key, err := k.paperKey()
	if err != nil {
		return nil, nil, fault.Wrap(op, err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fault.Wrap(op, err)
	}
	sum := sha256.Sum256(public)
	serial := new(big.Int).SetBytes(sum[:16])
	serial.SetBit(serial, 127, 0) // of at most twenty bytes, and positive
	// What readers ask for before they let a certificate sign papers (RFC 9336),
	// as encoding/asn1 names it: Go knows no name for it.
	purpose := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	form := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: k.signer.Name()}, NotBefore: paperSince, NotAfter: paperUntil,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, UnknownExtKeyUsage: []asn1.ObjectIdentifier{purpose},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, SignatureAlgorithm: x509.ECDSAWithSHA256,
	}
	der, err := x509.CreateCertificate(nil, form, form, key.Public(), key)
	if err != nil {
		return nil, nil, fault.Wrap(op, err)
	}
	cert, err := x509.ParseCertificate(der)
	return key, cert, fault.Wrap(op, err)
}

// paperKey is the first number of the right size that follows from the master
// key: one in 2³² names would not give one.
func (k *Keys) paperKey() (*ecdsa.PrivateKey, error) {
	curve := elliptic.P256()
	key, err := ecdsa.ParseRawPrivateKey(curve, k.derive("paper", "p256"))
	if err != nil { // the number is above the order of the curve
		return ecdsa.ParseRawPrivateKey(curve, k.derive("paper", "p256 again"))
	}
	return key, nil
}
