//go:build conformance

package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// hosts are the names that the stand-in answers for, as SDKs have them in
// constants.
var hosts = []string{"oapi.dingtalk.com", "api.dingtalk.com"}

// A standIn stands for the real hosts, on loopback: a proxy that an SDK's HTTP
// library finds in HTTPS_PROXY. It takes a CONNECT to one of the hosts, ends
// the TLS itself with a certificate that its own authority signed, and hands
// what comes to the server. The SDK believes that it talks to the real host,
// which it never reaches; any other host is refused and is a failure.
type standIn struct {
	proxy string // its address
	ca    string // the file of the authority's certificate
}

func newStandIn(t *testing.T, server string) *standIn {
	t.Helper()
	cert, ca := certificate(t)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, ca, 0o644); err != nil {
		t.Fatal(err)
	}

	// What is inside the tunnels goes to the server, its Host header with it.
	inside := &tunnels{conns: make(chan net.Conn), closed: make(chan struct{})}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: server})
		r.Out.Host = r.In.Host
	}}
	backend := &http.Server{Handler: forward}
	go func() { _ = backend.Serve(tls.NewListener(inside, &tls.Config{Certificates: []tls.Certificate{cert}})) }()

	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	frontend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		if r.Method != http.MethodConnect || host != hosts[0] && host != hosts[1] {
			t.Errorf("the SDK wants to go to %s %s", r.Method, r.Host)
			http.Error(w, "no way out", http.StatusForbidden)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("stand-in: %v", err)
			return
		}
		if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
			_ = conn.Close()
			return
		}
		inside.hand(conn)
	})}
	go func() { _ = frontend.Serve(outside) }()
	t.Cleanup(func() {
		_ = frontend.Close()
		_ = backend.Close()
	})
	return &standIn{proxy: outside.Addr().String(), ca: caFile}
}

// environment is what makes an SDK's HTTP library come to the stand-in.
func (s *standIn) environment() []string {
	proxy := "http://" + s.proxy
	return []string{
		"HTTPS_PROXY=" + proxy, "https_proxy=" + proxy, "HTTP_PROXY=" + proxy, "http_proxy=" + proxy,
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
		"REQUESTS_CA_BUNDLE=" + s.ca, "SSL_CERT_FILE=" + s.ca, "NODE_EXTRA_CA_CERTS=" + s.ca,
	}
}

// tunnels is a listener whose connections are handed to it.
type tunnels struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *tunnels) hand(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.closed:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (l *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *tunnels) Close() error {
	close(l.closed)
	return nil
}

// Addr implements net.Listener.
func (l *tunnels) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// certificate makes an authority and a certificate of it for the hosts.
func certificate(t *testing.T) (leaf tls.Certificate, ca []byte) {
	t.Helper()
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
	}
	authority := template(1, "Rollcall conformance "+fmt.Sprint(time.Now().UnixNano()))
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	server := template(2, hosts[0])
	server.DNSNames, server.KeyUsage = hosts, x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}

	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, ca
}
