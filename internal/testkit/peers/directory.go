package peers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"hastaluego/internal/when"
)

// Directory is a server of OpenLDAP with a password policy.
type Directory struct {
	*Process

	Plain  string // ldap://127.0.0.1:PORT, where StartTLS is known too
	Secure string // ldaps://127.0.0.1:PORT
	CA     string // file with the certificate of whoever signed the server's
}

// What every Directory holds: whoever Root is may do anything.
const (
	DirectoryBase     = "dc=hasta,dc=example"
	DirectoryRoot     = "cn=root,dc=hasta,dc=example"
	DirectoryPassword = "root-secret"
)

// slapdConf is in the order in which slapd reads it. userAccountControl is as
// Active Directory defines it, and does nothing here; accounts are locked by the
// password policy.
const slapdConf = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.1121 NAME 'allowedAttributesEffective' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.1696 NAME 'lastLogonTimestamp' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' AUXILIARY MAY ( userAccountControl $ allowedAttributesEffective $ userPrincipalName $ sAMAccountName $ lastLogonTimestamp ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {dir}/slapd.pid
TLSCACertificateFile {dir}/ca.pem
TLSCertificateFile {dir}/ca.pem
TLSCertificateKeyFile {dir}/key.pem
database mdb
suffix "dc=hasta,dc=example"
rootdn "cn=root,dc=hasta,dc=example"
rootpw root-secret
directory {dir}/data
maxsize 67108864
index objectClass,uid,o,member,uniqueMember,memberUid eq
overlay ppolicy
ppolicy_default "cn=policy,dc=hasta,dc=example"
ppolicy_use_lockout on
`

const slapdTree = `dn: dc=hasta,dc=example
objectClass: dcObject
objectClass: organization
o: hasta
dc: hasta

dn: ou=people,dc=hasta,dc=example
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=hasta,dc=example
objectClass: organizationalUnit
ou: groups

dn: cn=policy,dc=hasta,dc=example
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE

`

// StartDirectory starts a server in an empty folder, with further lines of its
// configuration (of the database: access rules, sizes) and further entries in
// LDIF below ou=people and ou=groups.
func StartDirectory(dir, conf, ldif string) (d Directory, err error) {
	const slapd = "/usr/sbin/slapd"
	if _, err := os.Stat(slapd); err != nil {
		return d, fmt.Errorf("peers: %w: %s", err, provision)
	}
	d.CA = filepath.Join(dir, "ca.pem")
	if err := certificate(dir); err != nil {
		return d, err
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return d, fmt.Errorf("peers: %w", err)
	}
	file, tree := filepath.Join(dir, "slapd.conf"), filepath.Join(dir, "tree.ldif")
	for name, text := range map[string]string{file: strings.ReplaceAll(slapdConf, "{dir}", dir) + conf + "\n", tree: slapdTree + ldif} {
		if err := write(name, text); err != nil {
			return d, err
		}
	}
	if out, err := exec.Command(slapd, "-T", "add", "-f", file, "-l", tree).CombinedOutput(); err != nil {
		return d, fmt.Errorf("peers: slapadd: %w: %s", err, out)
	}
	var secure string
	d.Process, secure, err = listening("slapd", func(address string) *exec.Cmd {
		// It listens at both or at none: whoever took the other port lets it fail.
		plain, perr := freePort()
		if perr != nil {
			plain = address
		}
		d.Plain = "ldap://" + plain
		return exec.Command(slapd, "-f", file, "-h", d.Plain+" ldaps://"+address, "-d", "0")
	})
	d.Secure = "ldaps://" + secure
	return d, err
}

// certificate writes a certificate of this machine that signs itself, and its key.
func certificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	now := when.Machine{}.Wall()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "hasta peers"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	if err := write(filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))); err != nil {
		return err
	}
	return write(filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}
