#!/bin/sh
# Makes the vectors of this directory; run it here. Keys: ../keys.
set -eu
K=../keys
openssl req -x509 -new -key $K/rsa2048-1.pem -subj '/O=Example/CN=Root' -days 3650 -sha256 -outform DER -out root.der \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
openssl x509 -inform DER -in root.der -out root.pem
openssl req -new -key $K/rsa2048-3.pem -subj '/O=Example/CN=RA' -out ra.csr.pem
printf 'keyUsage=critical,digitalSignature,keyEncipherment\nbasicConstraints=CA:FALSE\n' > ra.ext
openssl x509 -req -in ra.csr.pem -CA root.pem -CAkey $K/rsa2048-1.pem -set_serial 0x80ff01 -days 3650 -extfile ra.ext -out ra.pem
openssl x509 -in ra.pem -outform DER -out ra.der
cat root.pem ra.pem > both.pem
openssl crl2pkcs7 -nocrl -certfile both.pem -outform DER -out certificates.p7b

cat > csr.cnf <<'C'
[req]
prompt = no
distinguished_name = name
attributes = attributes
req_extensions = extensions
[name]
O = Exämple
CN = printer.example
[attributes]
challengePassword = secret-1
[extensions]
subjectAltName = DNS:printer.example,IP:192.0.2.7,IP:2001:db8::7
keyUsage = critical,digitalSignature,keyEncipherment
C
openssl req -new -utf8 -config csr.cnf -key $K/rsa2048-2.pem -outform DER -out csr.der

encrypt() { out=$1; shift; openssl cms -encrypt -binary -in csr.der -outform DER -out "$out" "$@"; }
encrypt aes128-pkcs1.der -aes128 -recip ra.pem
encrypt aes256-oaep.der -aes256 -recip ra.pem -keyopt rsa_padding_mode:oaep
encrypt aes192-oaep-sha256.der -aes192 -recip ra.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
encrypt des3-pkcs1.der -des3 -recip ra.pem
encrypt des-pkcs1.der -provider legacy -provider default -des-cbc -recip ra.pem
encrypt aes128-keyid.der -aes128 -keyid -recip ra.pem
encrypt aes128-indefinite.der -stream -indef -aes128 -recip ra.pem

sign() { out=$1; shift; openssl cms -sign -binary -nodetach -in aes128-pkcs1.der -outform DER -out "$out" -signer ra.pem -inkey $K/rsa2048-3.pem "$@"; }
sign signed-sha256.der -md sha256
sign signed-sha512-keyid.der -md sha512 -keyid -nosmimecap
sign signed-sha1-no-certificates.der -md sha1 -nocerts
sign signed-sha384-indefinite.der -md sha384 -stream -indef
sign signed-without-attributes.der -md sha256 -noattr

touch index.txt; echo 01 > crlnumber
cat > ca.cnf <<'C'
[ca]
default_ca = it
[it]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 3650
C
openssl ca -config ca.cnf -cert root.pem -keyfile $K/rsa2048-1.pem -revoke ra.pem 2>/dev/null
openssl ca -config ca.cnf -cert root.pem -keyfile $K/rsa2048-1.pem -gencrl -out crl.pem 2>/dev/null
openssl crl -in crl.pem -outform DER -out crl.der
rm -f ra.csr.pem ra.ext both.pem csr.cnf ca.cnf index.txt* crlnumber* crl.pem root.pem ra.pem
