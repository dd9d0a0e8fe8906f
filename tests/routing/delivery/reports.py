"""Mails that come back, in the shapes in which several servers write them. `MID` stands for the
Message-ID of the mail that came back; line ends are CRLF once they are sent."""

from typing import Final

POSTFIX: Final = """\
Return-Path: <>
From: MAILER-DAEMON@mail.yunling.example (Mail Delivery System)
To: line@yunling.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <20261124020001.B1@mail.yunling.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1.1/mail.yunling.example"

This is a MIME-encapsulated message.

--B1.1/mail.yunling.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not be delivered.

--B1.1/mail.yunling.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.yunling.example
X-Postfix-Queue-ID: B1
X-Postfix-Sender: rfc822; line@yunling.example
Arrival-Date: Tue, 24 Nov 2026 10:00:00 +0800 (CST)

Final-Recipient: rfc822; office07@yunling.example
Original-Recipient: rfc822;office07@yunling.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.yunling.example
Diagnostic-Code: smtp; 550 5.1.1 <office07@yunling.example>: user unknown

--B1.1/mail.yunling.example
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

From: line@yunling.example
To: office07@yunling.example
Subject: =?utf-8?b?5paw5bel5Y2V?=
Message-ID: MID
MIME-Version: 1.0
Content-Type: text/plain

4627 0395

--B1.1/mail.yunling.example--
"""
EXIM: Final = """\
X-Failed-Recipients: office07@yunling.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.example>
To: line@yunling.example
References: MID
Content-Type: multipart/report; report-type=delivery-status; boundary=1764-eximdsn-7
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1764-eximdsn-7
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1764-eximdsn-7
Content-type: message/delivery-status

Reporting-MTA: dns; relay.example

Action: failed
Final-Recipient: rfc822;office07@yunling.example
Status: 5.0.0
Remote-MTA: dns; mx.yunling.example
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

--1764-eximdsn-7
Content-type: text/rfc822-headers

From: line@yunling.example
To: office07@yunling.example
Message-ID: MID

--1764-eximdsn-7--
"""
EXCHANGE: Final = """\
From: <postmaster@yunling.example>
To: <line@yunling.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="_000_e3"
Content-Language: zh-CN
Message-ID: <e3@EX01.yunling.example>
In-Reply-To: MID
References: MID
Subject: =?utf-8?B?5peg5rOV5oqV6YCS?=

--_000_e3
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="_001_e3"

--_001_e3
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

5peg5rOV5oqV6YCS

--_001_e3
Content-Type: text/html; charset="utf-8"

<p>5.7.1</p>

--_001_e3--

--_000_e3
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.yunling.example
Received-From-MTA: dns;line.yunling.example
Arrival-Date: Tue, 24 Nov 2026 02:00:00 +0000

Original-Recipient: rfc822;office07@yunling.example
Final-Recipient: rfc822;office07@yunling.example
Action: Failed
Status: 5.7.1
Diagnostic-Code: smtp;550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized
X-Display-Name: office07

--_000_e3
Content-Type: message/rfc822

From: <line@yunling.example>
Subject: x

--_000_e3--
"""
GOOGLE: Final = """\
From: Mail Delivery Subsystem <mailer-daemon@example.com>
To: line@yunling.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: MID
In-Reply-To: MID
Content-Type: multipart/report; boundary="00000000000g4"; report-type=delivery-status

--00000000000g4
Content-Type: multipart/related; boundary="00000000000g5"

--00000000000g5
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--00000000000g5--
--00000000000g4
Content-Type: message/delivery-status

Reporting-MTA: dns; example.com
Received-From-MTA: dns; line@yunling.example
Arrival-Date: Mon, 23 Nov 2026 18:00:00 -0800 (PST)
X-Original-Message-ID: MID

Final-Recipient: rfc822; office07@yunling.example
Action: failed
Status: 4.4.7
Diagnostic-Code: smtp; The recipient server did not accept our requests to connect.
Last-Attempt-Date: Mon, 23 Nov 2026 18:00:00 -0800 (PST)

--00000000000g4
Content-Type: message/rfc822

Message-ID: MID
To: office07@yunling.example

--00000000000g4--
"""
SHAPES: Final = {
    "postfix": (POSTFIX, "5.1.1"),
    "exim": (EXIM, "5.2.2"),
    "exchange": (EXCHANGE, "5.7.1"),
    "google": (GOOGLE, "4.4.7"),
}
"""With the code that each gives."""


def report(shape: str, message_id: str) -> bytes:
    """One of them, as it comes over the wire."""
    return shape.replace("MID", message_id).replace("\n", "\r\n").encode()
