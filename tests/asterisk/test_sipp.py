"""A caller that is not ours: sipp calls the queue of the sample PBX, and a phone of the shop answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.test_sample_pbx import CALLER, LINE
from tests.machine import need_sipp
from tests.patience import within

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

HEADERS = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:{caller}@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:{line}@[remote_ip]:[remote_port]>{tag}
      Call-ID: [call_id]
      CSeq: {sequence}
      Contact: <sip:{caller}@[local_ip]:[local_port]>
      Max-Forwards: 70"""

OFFER = """v=0
      o=- 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000"""


def _request(line: str, sequence: str, *, tag: str = "", body: str = "") -> str:
    headers = HEADERS.format(caller=CALLER, line=LINE, tag=tag, sequence=sequence)
    kind = "Content-Type: application/sdp\n      " if body else ""
    return f"""<![CDATA[

      {line} SIP/2.0
      {headers}
      {kind}Content-Length: [len]

      {body}
    ]]>"""


def scenario(seconds: float) -> str:
    """Invite, be answered, stay so long, hang up."""
    number = f"sip:{LINE}@[remote_ip]:[remote_port]"
    invite = _request(f"INVITE {number}", "1 INVITE", body=OFFER)
    ack = _request(f"ACK {number}", "1 ACK", tag="[peer_tag_param]")
    bye = _request(f"BYE {number}", "2 BYE", tag="[peer_tag_param]")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a caller of the shop">
  <send retrans="500">{invite}</send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200"/>
  <send>{ack}</send>
  <pause milliseconds="{round(seconds * 1000)}"/>
  <send retrans="500">{bye}</send>
  <recv response="200"/>
</scenario>
"""


async def _call(pbx: AsteriskPbx, folder: Path) -> asyncio.subprocess.Process:
    """sipp places one call from the provider's address."""
    path = folder / "caller.xml"
    path.write_text(scenario(1.5))
    return await asyncio.create_subprocess_exec(
        need_sipp(), f"127.0.0.1:{pbx.sip_port}", "-sf", str(path), "-m", "1", "-nostdin",
        "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(pbx.trunk_ports["trunk"]),
        "-timeout", "20", "-timeout_error",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def test_a_call_of_sipp_rings_the_queue_and_is_answered(
    sample_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    need_sipp()
    async with sample_pbx.phone("101") as anna:
        caller = await _call(sample_pbx, tmp_path)
        try:
            at_anna = await anna.ringing()
            assert at_anna.number == CALLER
            at_anna.answer()
            await at_anna.until("ended")
            assert await asyncio.wait_for(caller.wait(), within(20)) == 0
        finally:
            if caller.returncode is None:
                caller.kill()
                await caller.wait()
    assert at_anna.at["ended"] - at_anna.at["answered"] == pytest.approx(1.5, abs=0.7)
