/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/validate: every check and warning by its exact sentence and path;
 * work lists of differences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/model.h"
#include "conf/text.h"
#include "conf/validate.h"

#define KEY "pre-shared-key mJ4kQz8tY2bVxW6pR9sN;"

/* A network with a tunnel that has no fault: net, phase 1, phase 2 rows. */
#define BASE(net, p1, p2) \
	"vpn-network a { address 10.1.0.1; network-address 10.1.0.0/24; " \
	net " phase1 b { key-exchange ikev2; remote-gateway 192.0.2.7; " \
	KEY p1 " phase2 c { local-network 10.1.0.0/24; remote-network " \
	"10.2.0.0/16; " p2 " } } }"

#define NET "vpn-network a"
#define P1 "vpn-network a phase1 b"
#define P2 "vpn-network a phase1 b phase2 c"

struct row {
	const char *text;
	const char *path;	/* NULL: nothing is reported */
	const char *sentence;
	bool warning;
};

static const struct row rows[] = {
	{ BASE("", "", ""), NULL, NULL, false },
	{ "", NULL, NULL, false },

	/* general */
	{ "vpn-network a { address 10.1.0.1; }", NET " network-address",
	  "VPN network \"a\" has no network-address, which it needs.",
	  false },
	{ "vpn-network a { network-address 10.1.0.0/24; }", NET " address",
	  "VPN network \"a\" has no address, which it needs.", false },
	{ "vpn-network a { enabled no; phase1 b { phase2 c; } }", NULL, NULL,
	  false },
	{ BASE("phase1 x { enabled no; key-exchange ikev1; }", "", ""), NULL,
	  NULL, false },
	{ BASE("phase1 x { " KEY " key-exchange ikev2; }", "", ""),
	  NET " phase1 x remote-gateway",
	  "Phase 1 \"x\" has no remote-gateway, which it needs.", false },
	{ BASE("", "", "mode transport;"), P2 " mode",
	  "mode transport is not yet supported in this version.", false },
	{ BASE("", "certificate gw;", ""), P1 " certificate",
	  "certificate has no effect while authentication is pre-shared-key; "
	  "it is kept.", true },
	{ BASE("", "authentication certificate; certificate gw;", ""),
	  P1 " certificate",
	  "certificate names certificate \"gw\", which does not exist.",
	  false },
	{ BASE("", "authentication certificate; certificate gw;", "")
	  "certificate gw { file gw.pem; }", P1 " pre-shared-key",
	  "pre-shared-key has no effect while authentication is certificate; "
	  "it is kept.", true },
	{ BASE("", "authentication certificate; "
	  "peer-authentication pre-shared-key; certificate gw;", "")
	  "certificate gw { file gw.pem; }", NULL, NULL, false },
	{ BASE("", "authentication certificate;", ""), P1,
	  "Phase 1 \"b\" authenticates by certificate but has none. Import "
	  "or generate one and set certificate.", false },
	{ BASE("", "peer-authentication null;", ""),
	  P1 " peer-authentication", "null is weak (RFC 7619: anybody is let "
	  "in); prefer certificate.", true },
	{ "certificate gw;", "certificate gw file",
	  "Certificate \"gw\" has no file, which it needs.", false },
	{ "certificate gw { file ../gw.pem; }", "certificate gw file",
	  "\"../gw.pem\" is no file name that may be used here: no \"..\" in "
	  "it.", false },
	{ "authority ca { file ca.pem; crl https://x/y; }",
	  "authority ca crl", "\"https://x/y\" is neither a file nor an "
	  "http:// URI.", false },
	{ "authority ca { file ca.pem; ocsp ldap://x; }",
	  "authority ca ocsp", "\"ldap://x\" is no http:// URI.", false },
	{ BASE("", "fragmentation force;", ""), NULL, NULL, false },
	{ BASE("", "remote-port 4500;", ""), P1 " remote-port",
	  "remote-port 4500 is not yet supported in this version.", false },

	/* section 1 */
	{ BASE("", "", "") "vpn-network d { address-type dhcp; "
	  "network-address 10.9.0.0/24; }", "vpn-network d address-type",
	  "address-type dhcp needs an interface-network to ask on.", false },
	{ "vpn-network a { address 10.9.0.1; network-address 10.1.0.0/24; }",
	  NET " address", "Router address 10.9.0.1 is not inside "
	  "10.1.0.0/24.", false },
	{ "vpn-network a { address 10.1.0.0; network-address 10.1.0.0/24; }",
	  NET " address", "10.1.0.0 is the network address of 10.1.0.0/24; "
	  "give the router a host address.", false },
	{ "vpn-network a { address 10.1.0.255; network-address 10.1.0.0/24; "
	  "}", NET " address", "10.1.0.255 is the broadcast address of "
	  "10.1.0.0/24; give the router a host address.", false },
	{ "vpn-network a { address 10.1.0.0; network-address 10.1.0.0/31; }",
	  NULL, NULL, false },
	{ "vpn-network a { address fd00::ffff; network-address "
	  "fd00::/112; }", NULL, NULL, false },
	{ BASE("", "", "") "vpn-network d { address 10.1.9.1; "
	  "network-address 10.1.0.0/16; }", "vpn-network d network-address",
	  "10.1.0.0/16 overlaps 10.1.0.0/24 of network \"a\"; traffic "
	  "between them will not be routed.", true },
	{ BASE("placement host; interface-network br0;", "", ""),
	  NET " placement", "placement host has no port of its own; remove "
	  "interface-network or use placement namespace.", false },
	{ BASE("dmz-address 100.65.0.1;", "", ""), NET " dmz-address",
	  "DMZ address 100.65.0.1 is not inside 100.64.0.0/24 (system "
	  "dmz-network).", false },
	{ BASE("dmz-address 100.64.0.9;", "", "") "vpn-network d { address "
	  "10.9.0.1; network-address 10.9.0.0/24; dmz-address 100.64.0.9; }",
	  "vpn-network d dmz-address",
	  "DMZ address 100.64.0.9 belongs to network \"a\".", false },
	{ BASE("placement host; dmz-address 100.64.0.9;", "", ""),
	  NET " dmz-address", "dmz-address has no effect while placement is "
	  "host; it is kept.", true },
	{ BASE("assigned-address 203.0.113.10;", "", "") "vpn-network d { "
	  "address 10.9.0.1; network-address 10.9.0.0/24; assigned-address "
	  "203.0.113.10; }", "vpn-network d assigned-address",
	  "203.0.113.10 is already assigned to network \"a\".", false },
	{ "vpn-network a { address fd00::1; network-address fd00::/64; mtu "
	  "1279; }", NET " mtu", "An IPv6 network needs an MTU of at least "
	  "1280; 1279 is too small.", false },

	/* section 2 */
	{ BASE("ipsec { ipcomp yes; }", "", "protocol ah;"),
	  NET " ipsec ipcomp", "IPComp before AH compresses, but hides "
	  "nothing.", true },
	{ BASE("ipsec { cisco-extensions yes; }", "", ""),
	  NET " ipsec cisco-extensions", "cisco-extensions has no effect "
	  "while no phase 1 may use IKEv1; it is kept.", true },
	{ "vpn-network a { address 10.1.0.1; network-address 10.1.0.0/24; "
	  "ipsec { accept-unencrypted-main-mode yes; } phase1 b { "
	  "remote-gateway 192.0.2.7; " KEY " } }",
	  NET " ipsec accept-unencrypted-main-mode",
	  "Identities will cross the network in clear and the peer can be "
	  "impersonated more easily; use only for a peer that cannot do "
	  "otherwise.", true },
	{ BASE("ipsec { strongswan-conf x; }", "", ""),
	  NET " ipsec strongswan-conf", "strongswan-conf has no effect while "
	  "configuration-mode is normal; it is kept.", true },
	{ BASE("ipsec { make-before-break yes; }", "reauth no;", ""),
	  NET " ipsec make-before-break", "make-before-break has no effect "
	  "while no phase 1 reauthenticates by IKEv2; it is kept.", true },

	/* section 3 */
	{ BASE("", "key-exchange ikev1;", ""), P1 " key-exchange",
	  "IKEv1 is historic (RFC 9395); use ikev2 where the peer can.",
	  true },
	{ BASE("", "key-exchange ikev1; peer-authentication certificate;",
	  ""), P1 " key-exchange", "IKEv1 authenticates both sides by "
	  "pre-shared key alone in this version.", false },
	{ BASE("", "remote-gateway 10.1.0.1;", ""), P1 " remote-gateway",
	  "10.1.0.1 is this network's own address; the remote gateway is the "
	  "other side.", false },
	{ BASE("", "remote-gateway any;", ""), P1 " remote-gateway",
	  "A tunnel whose remote-gateway is any can only answer; set "
	  "connection-behavior responder-only.", false },
	{ BASE("", "remote-gateway any; connection-behavior "
	  "responder-only;", ""), NULL, NULL, false },
	{ BASE("", "local-address 192.0.2.1;", ""), P1 " local-address",
	  "192.0.2.1 is not an address of network \"a\".", false },
	{ BASE("", "local-address 100.64.0.5;", ""), NULL, NULL, false },
	{ BASE("placement host;", "local-address 192.0.2.1;", ""), NULL,
	  NULL, false },
	{ BASE("", "lifetime 25h;", ""), P1 " lifetime", "NIST SP 800-77 "
	  "rev. 1 advises at most 24 hours for an IKE SA.", true },
	{ BASE("", "lifetime forever;", ""), P1 " lifetime", "NIST SP 800-77 "
	  "rev. 1 advises at most 24 hours for an IKE SA.", true },
	{ BASE("phase1 x { key-exchange ikev2; remote-gateway 192.0.2.9; }",
	  "", ""), NET " phase1 x", "Phase 1 \"x\" authenticates by "
	  "pre-shared key but has none. Type \"generate pre-shared-key x\" "
	  "or set one.", false },
	{ BASE("phase1 x { key-exchange ikev2; remote-gateway 192.0.2.9; "
	  "pre-shared-key <secret:gone>; }", "", ""),
	  NET " phase1 x pre-shared-key", "pre-shared-key names secret "
	  "\"gone\", which does not exist.", false },
	{ BASE("phase1 x { key-exchange ikev2; remote-gateway 192.0.2.9; "
	  "pre-shared-key secret; }", "", ""),
	  NET " phase1 x pre-shared-key", "This pre-shared key can be guessed "
	  "off line (13 bits); generate one.", true },
	{ BASE("phase1 x { key-exchange ikev2; remote-gateway 192.0.2.9; "
	  "pre-shared-key 0x0123456789abcdef; }", "", ""), NULL, NULL,
	  false },
	{ BASE("phase1 x { key-exchange ikev1; remote-gateway 192.0.2.7; "
	  "pre-shared-key rJ4kQz8tY2bVxW6pR9sM; } phase1 y { key-exchange "
	  "ikev1; remote-gateway 192.0.2.7; " KEY " }", "", ""),
	  NET " phase1 y pre-shared-key", "Phase 1 \"x\" and \"y\" share "
	  "192.0.2.7, and Main Mode cannot tell their keys apart; give them "
	  "the same key, or use ikev2.", false },
	{ BASE("", "negotiation-mode aggressive;", ""),
	  P1 " negotiation-mode", "negotiation-mode has no effect while "
	  "key-exchange is ikev2; it is kept.", true },
	{ BASE("", "key-exchange ikev1; negotiation-mode aggressive; "
	  "proposal 1 { dh-group 14; } proposal 2 { dh-group 19; }", ""),
	  P1 " negotiation-mode", "Aggressive Mode sends one DH group; the "
	  "proposals have 14, 19. Keep one.", false },
	{ BASE("", "key-exchange ikev1; negotiation-mode aggressive;", ""),
	  P1 " negotiation-mode", "Aggressive Mode sends identities in clear "
	  "and, with a pre-shared key, a hash that anyone who answers or "
	  "listens can attack off line.", true },
	{ BASE("", "key-exchange ikev1; negotiation-mode aggressive;", ""),
	  P1 " pre-shared-key", "This pre-shared key can be guessed off line "
	  "(86 bits); generate one.", true },
	{ BASE("", "peer-identifier any;", ""), P1 " peer-identifier",
	  "Any peer that knows the key is accepted as b.", true },
	{ BASE("", "mobike yes;", ""), NULL, NULL, false },
	{ BASE("", "split-connections yes;", ""), P1 " split-connections",
	  "split-connections has no effect while there are fewer than two "
	  "phase 2 entries; it is kept.", true },
	{ BASE("", "force-udp-encapsulation yes;", "protocol ah;"),
	  P1 " force-udp-encapsulation", "Phase 2 \"c\" uses AH, which has no "
	  "UDP encapsulation; use ESP or turn force-udp-encapsulation off.",
	  false },
	{ BASE("", "connection-behavior responder-only; keying-tries 5;",
	  ""), P1 " keying-tries", "keying-tries has no effect while "
	  "connection-behavior is responder-only; it is kept.", true },
	{ BASE("", "margin-time 30m;", ""), P1 " margin-time",
	  "margin-time 30m with its random part of 100 % reaches the whole "
	  "lifetime 1h of phase 2 \"c\"; make it less than 30m.", false },
	{ BASE("", "margin-time 29m;", ""), NULL, NULL, false },
	{ BASE("", "margin-time 30m; rekey-fuzz 50;", ""), NULL, NULL,
	  false },
	{ BASE("", "lifetime 10m;", ""), P1 " margin-time",
	  "margin-time 9m with its random part of 100 % reaches the whole "
	  "lifetime 10m of phase 1 \"b\"; make it less than 5m.", false },
	{ BASE("", "lifetime 10m; rekey no;", ""), NULL, NULL, false },
	{ BASE("", "key-exchange ikev1; dpd-delay 0;", ""), P1 " dpd-delay",
	  "dpd-delay 0 turns probes off in IKEv1; use dpd-action none to say "
	  "so.", false },
	{ BASE("", "dpd-delay 0;", ""), NULL, NULL, false },
	{ BASE("", "dpd-failures 3;", ""), P1 " dpd-failures",
	  "dpd-failures has no effect while key-exchange is ikev2; it is "
	  "kept.", true },
	{ BASE("", "dpd-action none; dpd-delay 10;", ""), P1 " dpd-delay",
	  "dpd-delay has no effect while dpd-action is none; it is kept.",
	  true },

	/* section 4 */
	{ BASE("", "proposal 1 { algorithm 3des; }", ""),
	  P1 " proposal 1 algorithm", "3des is weak (RFC 8247: MAY in IKE, "
	  "RFC 8221: SHOULD NOT in ESP; NIST disallowed after 2023); prefer "
	  "aes.", true },
	{ BASE("", "proposal 1 { hash md5; }", ""), P1 " proposal 1 hash",
	  "md5 is weak (RFC 8247 and 8221: MUST NOT); prefer sha256.", true },
	{ BASE("", "proposal 1 { dh-group 2; }", ""),
	  P1 " proposal 1 dh-group", "DH group 2 is weak (RFC 8247: SHOULD "
	  "NOT; NIST disallowed); prefer group 14 or 19.", true },
	{ BASE("", "proposal 1 { dh-group 2; }", "")
	  " system { weak-algorithms refuse; }", P1 " proposal 1 dh-group",
	  "DH group 2 is refused by system weak-algorithms (RFC 8247: SHOULD "
	  "NOT; NIST disallowed).", false },
	{ BASE("", "", "proposal 1 { hash sha1; }")
	  " system { weak-algorithms refuse; }", P2 " proposal 1 hash",
	  "sha1 is refused by system weak-algorithms (RFC 8247 and 8221: "
	  "MUST-, to be dropped).", false },
	{ BASE("", "proposal 1 { dh-group 2; }", "")
	  " system { weak-algorithms allow; }", NULL, NULL, false },
	{ BASE("", "", "proposal 1 { algorithm none; }"),
	  P2 " proposal 1 algorithm", "This proposal does not encrypt.",
	  true },
	{ BASE("", "key-exchange ikev1; proposal 1 { algorithm aes-gcm; }",
	  ""), P1 " proposal 1 algorithm", "aes-gcm protects IKE only in "
	  "IKEv2 (RFC 5282); with key-exchange ikev1 choose aes.", false },
	{ BASE("", "key-exchange auto; proposal 1 { algorithm "
	  "chacha20-poly1305; }", ""), P1 " proposal 1 algorithm",
	  "chacha20-poly1305 protects IKE only in IKEv2 (RFC 5282); with "
	  "key-exchange auto choose aes.", true },
	{ BASE("", "proposal 1 { algorithm chacha20-poly1305; key-length "
	  "128; }", ""), P1 " proposal 1 key-length", "chacha20-poly1305 has "
	  "keys of 256 bits; 128 is none of them.", false },
	{ BASE("", "", "proposal 1 { algorithm chacha20-poly1305; "
	  "key-length 128; }"), P2 " proposal 1 key-length",
	  "chacha20-poly1305 has keys of 256 bits; 128 is none of them.",
	  false },
	{ BASE("", "proposal 1 { algorithm chacha20-poly1305; key-length "
	  "256; }", ""), P1 " proposal 1 key-length", "key-length has no "
	  "effect while the algorithm has no choice of key lengths; it is "
	  "kept.", true },
	{ BASE("", "", "proposal 1 { algorithm aes-gcm; icv-length 64; }"),
	  P2 " proposal 1 icv-length", "A 64-bit check value is weak; RFC "
	  "8221 asks for 128.", true },
	{ BASE("", "", "proposal 1 { algorithm aes-gcm; icv-length 96; }")
	  " system { weak-algorithms refuse; }", P2 " proposal 1 icv-length",
	  "A 96-bit check value is refused by system weak-algorithms (RFC "
	  "8221 asks for 128 bits).", false },
	{ BASE("", "", "proposal 1 { algorithm aes-gcm; hash sha512; }"),
	  P2 " proposal 1 hash", "hash has no effect while the algorithm "
	  "protects integrity by itself; it is kept.", true },
	{ BASE("", "proposal 1 { algorithm aes-gcm; hash sha512; }", ""),
	  NULL, NULL, false },
	{ BASE("", "key-exchange ikev1; proposal 1 { hash aes-xcbc; }", ""),
	  P1 " proposal 1 hash", "IKEv1 has no AES-XCBC hash; choose SHA.",
	  false },
	{ BASE("", "proposal 1 { dh-group none; }", ""),
	  P1 " proposal 1 dh-group", "Phase 1 needs a DH group.", false },
	{ BASE("", "", "proposal 1 { dh-group none; }"),
	  P2 " proposal 1 dh-group", "Without a DH group a stolen phase 1 key "
	  "opens this traffic too (no forward secrecy).", true },
	{ BASE("", "key-exchange ikev1;", "proposal 1 { dh-group 19; } "
	  "proposal 2; proposal 3 { dh-group 19; }"), P2, "IKEv1 Quick Mode "
	  "carries one DH group; the proposals of phase 2 \"c\" have 19, "
	  "14.", false },
	{ BASE("", "proposal 1 { enabled no; }", ""), P1,
	  "Phase 1 \"b\" has no proposal that IKEv2 can use.", false },
	{ BASE("", "key-exchange ikev1; proposal 1 { algorithm aes-gcm; }",
	  ""), P1, "Phase 1 \"b\" has no proposal that IKEv1 can use.",
	  false },
	{ BASE("", "", "proposal 1 { enabled no; }"), P2,
	  "Phase 2 \"c\" has no proposal that IKEv2 can use.", false },

	/* section 5 */
	{ BASE("", "", "mode transport;"), P2 " mode", "Transport mode "
	  "protects only auto to 192.0.2.7 themselves; 10.1.0.0/24 is a "
	  "network. Use mode tunnel.", false },
	{ BASE("", "", "mode transport;"), P2 " mode", "Two clients behind "
	  "one NAT cannot both use transport mode to 192.0.2.7.", true },
	{ BASE("", "phase2 d { remote-network 10.3.0.0/16; }", ""),
	  P1 " phase2 d local-network",
	  "Phase 2 \"d\" has no local-network, which it needs.", false },
	{ BASE("phase1 x { key-exchange ikev2; remote-gateway 192.0.2.9; "
	  KEY " phase2 y { local-network 10.1.0.0/24; remote-network "
	  "10.2.0.0-10.2.255.255; } }", "", ""), P2 " local-network",
	  "10.1.0.0/24 to 10.2.0.0/16 is already phase 2 \"y\" of \"x\"; the "
	  "kernel cannot tell them apart.", false },
	{ BASE("", "key-exchange ikev1;", "local-network 10.1.1.0/24;"),
	  P2 " local-network", "IKEv1 carries one network on each side; make "
	  "a phase 2 for each of 10.1.0.0/24, 10.1.1.0/24.", false },
	{ BASE("", "", "remote-network 10.1.0.128/25;"),
	  P2 " remote-network", "Local 10.1.0.0/24 and remote 10.1.0.128/25 "
	  "overlap; hosts would look for each other on their own link.",
	  false },
	{ BASE("", "", "remote-network 0.0.0.0/0;"), NULL, NULL, false },
	{ BASE("", "", "protocol ah;"), P2 " protocol",
	  "AH does not encrypt.", true },
	{ BASE("", "", "lifetime 9h;"), P2 " lifetime", "NIST SP 800-77 rev. "
	  "1 advises at most 8 hours for an IPsec SA.", true },
	{ BASE("", "", "replay-window 0;"), P2 " replay-window", "Without a "
	  "replay window recorded packets are accepted again.", true },
	{ BASE("", "", "inactivity 10m;"), NULL, NULL, false },
	{ BASE("", "", "copy-df no;"), P2 " copy-df",
	  "copy-df no is not yet supported in this version.", false },

	/* section 9 */
	{ BASE("", "", "remote-network 100.64.0.128/25;"),
	  "system dmz-network", "100.64.0.0/24 overlaps 100.64.0.128/25 of "
	  "phase 2 \"c\".", false },
	{ BASE("", "", "remote-network 100.64.0.0/10;"), NULL, NULL, false },
	{ "vpn-network a { rule 5 { name x; action translate; } }",
	  "vpn-network a rule 5", "A translate rule needs a target: where "
	  "should the packets go?", false },
	{ "vpn-network a { rule 5 { name x; action route; target my-dmz-ip; "
	  "} }", "vpn-network a rule 5 direction", "A route rule directs "
	  "outgoing traffic; set direction outgoing.", false },
	{ "host { rule 5 { name x; source-ports 5 6; } }",
	  "host rule 5 source-ports", "Ports need protocol tcp, udp or "
	  "tcp-udp; this rule has any.", false },
	{ "host { rule 5 { name x; protocol tcp; action translate; target "
	  "my-router-ip; target-ports 7; destination-ports 5 6; } }",
	  "host rule 5 target-ports", "Leave target-ports empty when there "
	  "are several destination ports; they stay as they are.", false },
	{ "host { rule 5 { name x; action translate; destination custom "
	  "10.1.0.0/24; target custom 10.2.0.0/25; } }", "host rule 5 target",
	  "Target 10.2.0.0/25 cannot stand for 10.1.0.0/24: the sizes "
	  "differ.", false },
	{ "host { rule 5 { name x; } rule 9 { name y; protocol udp; } }",
	  "host rule 9 action", "Rule 9 is never reached: rule 5 matches all "
	  "of it.", true },
	{ "host { rule 5 { name x; } }", "host rule 5",
	  "rule 5 is not yet supported in this version.", false },
	{ "host { route default { target my-dmz-ip; } }",
	  "host route default",
	  "route default is not yet supported in this version.", false },
	{ "host { rule 5 { name x; destination-ports 5; } }",
	  "host rule 5 destination-ports", "Ports need protocol tcp, udp or "
	  "tcp-udp; this rule has any.", false },

	/* beyond the plan */
	{ BASE("", "ppk 0123456789012345678901234567890123456789;", ""),
	  P1 " ppk", "Phase 1 \"b\" has a ppk but no ppk-identifier, by "
	  "which the peer knows it.", false },
	{ BASE("", "ppk <secret:gone>; ppk-identifier x;", ""), P1 " ppk",
	  "ppk names secret \"gone\", which does not exist.", false },
	{ BASE("", "address-pool 10.9.0.0/24 10.8.0.0/24;", ""),
	  P1 " address-pool", "address-pool holds one network of each "
	  "family; 10.8.0.0/24 is a second one.", false },
	{ BASE("", "address-pool 10.9.0.0/31;", ""), P1 " address-pool",
	  "The pool 10.9.0.0/31 has no address between its first and its "
	  "last one.", false },
	{ BASE("", "address-pool 10.9.0.0/24; pool-dns 10.9.0.1 10.9.0.2 "
	  "10.9.0.3 10.9.0.4 10.9.0.5 10.9.0.6 10.9.0.7 10.9.0.8 10.9.0.9;",
	  ""), P1 " pool-dns", "pool-dns holds at most 4 name servers.",
	  false },
	{ BASE("", "", "proposal 1 { algorithm aes-gcm; icv-length 64; }"),
	  P2 " proposal 1 icv-length", "A 64-bit check value is weak; RFC "
	  "8221 asks for 128.", true },
	{ BASE("", "proposal 1 { algorithm aes-gcm; icv-length 64; }", ""),
	  P1 " proposal 1 icv-length", "A 64-bit check value is weak; RFC "
	  "8221 asks for 128.", true },
	{ "certificate c { file c.pem; key ../c.key; }", "certificate c key",
	  "\"../c.key\" is no file name that may be used here: no \"..\" in "
	  "it.", false },
	{ "authority c { file ../c.pem; }", "authority c file",
	  "\"../c.pem\" is no file name that may be used here: no \"..\" in "
	  "it.", false },
	{ "system { trace-messages 10; }", "system trace-messages",
	  "trace-messages 10 is not yet supported in this version.", false },
	{ "system { data-plane user; retransmit-tries 2; log-level debug; "
	  "keep-alive 0; routing-table 100; cookie-threshold 0; }", NULL,
	  NULL, false },
};

static bool
has(const struct sp_error *list, size_t nr, const struct row *r)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (str_eq(list[i].path, r->path) &&
		    str_eq(list[i].text, r->sentence))
			return true;
	}
	return false;
}

static void
dump(const struct conf_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_errors; i++)
		print_message("error: %s: %s\n", r->errors[i].path,
		    r->errors[i].text);
	for (i = 0; i < r->nr_warnings; i++)
		print_message("warning: %s: %s\n", r->warnings[i].path,
		    r->warnings[i].text);
}

/* BASE() and a row may set one thing twice: the later value counts. */
static void
test_sentences(void **state)
{
	struct conf_report rep;
	struct conf_tree *t;
	struct sp_error err;
	const struct row *r;
	size_t i;
	bool ok;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		r = &rows[i];
		if (conf_parse(&t, r->text, &err) < 0)
			fail_msg("%s: %s", r->text, err.text);
		conf_validate(t, &rep);
		if (r->path == NULL)
			ok = rep.nr_errors == 0 && rep.nr_warnings == 0;
		else if (r->warning)
			ok = has(rep.warnings, rep.nr_warnings, r);
		else
			ok = has(rep.errors, rep.nr_errors, r);
		if (!ok) {
			dump(&rep);
			fail_msg("row %u: %s", (unsigned)i, r->text);
		}
		conf_report_free(&rep);
		conf_tree_free(t);
	}
}

#define SPOKEN_MAX 256

/* Which checks of the schema have spoken a sentence of rows[]. */
struct spoken {
	const void *check[SPOKEN_MAX], *warn[SPOKEN_MAX];
	const void *object[SPOKEN_MAX];
	size_t nr_check, nr_warn, nr_object;
};

static bool
among(const void *what, const void **list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (list[i] == what)
			return true;
	}
	return false;
}

/* Enter it once. */
static void
note(const void *what, const void **list, size_t *nr)
{
	assert_true(*nr < SPOKEN_MAX);
	if (!among(what, list, *nr))
		list[(*nr)++] = what;
}

static void
hear_row(struct spoken *s, const struct conf_node *n,
    const struct set_row *row, const char *sentence)
{
	struct sp_error e = {0};
	const char *value, *warning;
	char buf[256];
	size_t i;

	for (i = 0; (value = conf_value(n, row->name, i)) != NULL; i++) {
		if (row->check != NULL && row->check(n, value, &e) < 0 &&
		    str_eq(e.text, sentence))
			note(row, s->check, &s->nr_check);
		warning = row->warn != NULL ? row->warn(n, value, buf) : NULL;
		if (warning != NULL && str_eq(warning, sentence))
			note(row, s->warn, &s->nr_warn);
	}
}

/* Ask every check below n, whether it is the one with the sentence. */
static void
hear(struct spoken *s, const struct conf_node *n, const char *sentence)
{
	const struct conf_object *obj = conf_node_object(n);
	const struct set_row *row;
	struct conf_node *child;
	struct sp_error e = {0};
	size_t i;

	for (row = obj->rows; row->name != NULL; row++) {
		if (schema_shown(row, n, NULL))
			hear_row(s, n, row, sentence);
	}
	if (obj->check != NULL && obj->check(n, &e) < 0 &&
	    str_eq(e.text, sentence))
		note(obj, s->object, &s->nr_object);
	for (i = 0; obj->children[i] != NULL; i++) {
		child = NULL;
		while ((child = conf_next_child(n, obj->children[i]->word,
		    child)) != NULL)
			hear(s, child, sentence);
	}
}

/* Print the checks below obj that no row has made speak; how many. */
static unsigned
silent(struct spoken *s, const struct conf_object *obj)
{
	const struct set_row *row;
	unsigned nr = 0;
	size_t i;

	for (row = obj->rows; row->name != NULL; row++) {
		if (row->check != NULL && !among(row, s->check,
		    s->nr_check)) {
			print_message("%s %s: check\n", obj->word, row->name);
			nr++;
		}
		if (row->warn != NULL && !among(row, s->warn,
		    s->nr_warn)) {
			print_message("%s %s: warning\n", obj->word,
			    row->name);
			nr++;
		}
	}
	if (obj->check != NULL && !among(obj, s->object,
	    s->nr_object)) {
		print_message("%s: check\n", obj->word);
		nr++;
	}
	for (i = 0; obj->children[i] != NULL; i++)
		nr += silent(s, obj->children[i]);
	return nr;
}

/* Each check and each warning of each table has its sentence in rows[]. */
static void
test_all_spoken(void **state)
{
	struct spoken s = {0};
	struct conf_tree *t;
	struct sp_error err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		if (rows[i].path == NULL)
			continue;
		if (conf_parse(&t, rows[i].text, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		hear(&s, conf_root(t), rows[i].sentence);
		conf_tree_free(t);
	}
	assert_int_equal(silent(&s, &conf_root_object), 0);
}

/* Thousands of tunnels, thousands of faults: bounded reports and time. */
static void
test_many(void **state)
{
	struct conf_report rep;
	struct conf_tree *t;
	struct sp_error err;
	struct buf b = {0};
	int64_t start;
	unsigned i;

	(void)state;
	buf_puts(&b, "vpn-network a { address 10.1.0.1; network-address "
	    "10.1.0.0/24;\n");
	for (i = 0; i < 4000; i++)
		buf_printf(&b, "phase1 p%u { key-exchange ikev1; "
		    "remote-gateway 192.0.2.1; pre-shared-key k%u; phase2 c { "
		    "local-network 10.1.0.0/24; remote-network 10.2.0.0/24; } "
		    "}\n", i, i);
	for (i = 0; i < 900; i++)
		buf_printf(&b, "%svpn-network n%u { address 10.%u.%u.1; "
		    "network-address 10.%u.%u.0/24; }\n", i ? "" : "}\n", i,
		    10 + (i >> 8), i & 255, 10 + (i >> 8), i & 255);
	if (conf_parse(&t, (const char *)b.data, &err) < 0)
		fail_msg("%d:%d %s", err.line, err.column, err.text);
	start = clock_ms();
	conf_validate(t, &rep);
	if (clock_ms() - start > 30000)	/* sanitizers on a busy host */
		fail_msg("took %d ms", (int)(clock_ms() - start));
	assert_int_equal(rep.nr_errors, 1000);
	assert_int_equal(rep.nr_warnings, 1000);
	conf_report_free(&rep);
	conf_tree_free(t);
	buf_free(&b);
}

/* "path setting restart" lines of the work list. */
static char *
show_changes(const struct conf_changes *c)
{
	static const char *const restarts[] = { "none", "child", "ike",
		"rules", "network" };
	struct buf b = {0};
	size_t i;

	buf_puts(&b, "");
	for (i = 0; i < c->nr; i++)
		buf_printf(&b, "%s%s %s %s\n",
		    c->change[i].row ? "" :
		    c->change[i].old == NULL ? "+" : "-",
		    c->change[i].path,
		    c->change[i].row ? c->change[i].row->name : "*",
		    restarts[c->change[i].restart]);
	return buf_steal_str(&b);
}

static void
test_changes(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} list[] = {
		{ BASE("", "", ""), BASE("", "", ""), "" },
		{ BASE("", "", ""), BASE("", "lifetime 4h;", ""),
		  P1 " lifetime none\n" },
		{ BASE("", "", ""), BASE("", "identifier gw;", ""),
		  P1 " identifier ike\n" },
		{ BASE("", "", ""), BASE("", "", "local-network dynamic;"),
		  P2 " local-network child\n" },
		{ BASE("", "", ""), BASE("", "proposal 10;", ""),
		  "+" P1 " proposal 10 * ike\n" },
		{ BASE("", "", "proposal 10;"), BASE("", "", ""),
		  "-" P2 " proposal 10 * child\n" },
		{ BASE("", "", ""), "",
		  "-" NET " * network\n" },
		{ BASE("", "", ""), BASE("", "", "") "system { data-plane "
		  "user; log-level debug; }", "system data-plane network\n"
		  "system log-level none\n" },
		/* a key of the same name, but with other bytes */
		{ BASE("", "", ""), BASE("", "pre-shared-key "
		  "0123456789-0123456789;", ""), P1 " pre-shared-key ike\n" },
		/* a default written out, a comment: nothing to do */
		{ BASE("", "", ""), BASE("", "# why\nclose-action trap;", ""),
		  "" },
		/* what depends on the setting is listed too */
		{ BASE("", "", ""), BASE("", "connection-behavior start;",
		  ""), P1 " connection-behavior none\n" P1 " close-action "
		  "none\n" },
	};
	struct conf_changes c;
	struct conf_tree *old, *new;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(list); i++) {
		assert_int_equal(conf_parse(&old, list[i].old, NULL), 0);
		assert_int_equal(conf_parse(&new, list[i].new, NULL), 0);
		conf_changes(old, new, &c);
		got = show_changes(&c);
		if (!str_eq(got, list[i].want))
			fail_msg("row %u: got\n%s", (unsigned)i, got);
		free(got);
		conf_changes_free(&c);
		conf_tree_free(old);
		conf_tree_free(new);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_all_spoken),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
