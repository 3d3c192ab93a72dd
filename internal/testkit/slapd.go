package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/when"
)

// Directory is a server of OpenLDAP with a password policy, which ends with its
// test.
type Directory struct {
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
objectclass ( 1.2.840.113556.1.5.9 NAME 'adUser' AUXILIARY MAY ( userAccountControl $ allowedAttributesEffective $ userPrincipalName $ sAMAccountName ) )
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

// StartDirectory starts a server of its own, with further lines of its
// configuration (of the database: access rules, sizes) and further entries in
// LDIF below ou=people and ou=groups. scripts/provision.sh installs it.
func StartDirectory(t *testing.T, conf, ldif string) Directory {
	t.Helper()
	const slapd = "/usr/sbin/slapd"
	if _, err := os.Stat(slapd); err != nil {
		t.Fatalf("%v: scripts/provision.sh installs what the tests need", err)
	}
	dir := t.TempDir()
	d := Directory{CA: filepath.Join(dir, "ca.pem")}
	certificate(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "slapd.conf")
	write(t, file, strings.ReplaceAll(slapdConf, "{dir}", dir)+conf+"\n")
	tree := filepath.Join(dir, "tree.ldif")
	write(t, tree, slapdTree+ldif)
	if out, err := exec.CommandContext(t.Context(), slapd, "-T", "add", "-f", file, "-l", tree).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v: %s", err, out)
	}
	// Another process may take a port between our look and its start.
	for try := 0; ; try++ {
		plain, secure := freePort(t), freePort(t)
		d.Plain, d.Secure = "ldap://"+plain, "ldaps://"+secure
		var complaints bytes.Buffer
		cmd := exec.Command(slapd, "-f", file, "-h", d.Plain+" "+d.Secure, "-d", "0")
		cmd.Stderr = &complaints
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }() // it is killed: its status says nothing
		if answers(secure, ended) {
			t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
			return d
		}
		_ = cmd.Process.Kill()
		<-ended
		if try == 3 {
			t.Fatalf("slapd does not start: %s", complaints.String())
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is an address of this machine at which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// answers waits until somebody listens, or the process that should ended.
func answers(address string, ended <-chan struct{}) bool {
	for range 600 {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = c.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// certificate writes a certificate of this machine that signs itself, and its key.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := when.Machine{}.Wall()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "hasta test " + strconv.Itoa(os.Getpid())},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}
