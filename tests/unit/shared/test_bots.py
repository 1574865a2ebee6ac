"""Who is a program and who is a person, by user agent."""

import pytest

from shared.bots import is_bot

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"

PEOPLE = [
    None,
    "",
    f"{SAFARI} Version/17.0 Mobile/15E148 Safari/604.1",
    f"{CHROME} Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
    "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 Chrome/98 Mobile Safari/537.36",
    f"{SAFARI} Mobile/15E148 [LinkedInApp]/9.1",
    "Mozilla/5.0 (Linux; Android 13) Chrome/110 [FB_IAB/FB4A;FBAV/400]",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.5; Pro)",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
]

PROGRAMS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "GPTBot/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "curl/8.4.0",
    "python-requests/2.31.0",
    f"{CHROME.replace('Chrome', 'HeadlessChrome')} Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    "Mozilla/5.0 (X11) Cypress/13.6.0 Electron/27",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; BarracudaCentral) Chrome/90",
    "Mimecast URL scanner",
    "Proofpoint URL Defense",
    f"{CHROME} Safari/537.36 BingPreview/1.0b",
    "Mozilla/5.0",
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_browser_or_mail_reader_is_a_person(user_agent: str | None) -> None:
    assert not is_bot(user_agent)


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_a_crawler_scanner_or_driven_browser_is_a_bot(user_agent: str) -> None:
    assert is_bot(user_agent)


def test_an_endless_user_agent_is_cut_rather_than_searched() -> None:
    assert not is_bot("Mozilla/5.0 (Windows NT 10.0) " + "x" * 1_000_000)
