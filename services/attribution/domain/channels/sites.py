"""Known sites: which hosts are search engines, social networks and so on, and the name each is reported by.

One line a site: its name, then its hosts. `example.com` covers its subdomains, `=example.com` only itself (and
www), `example.*` any public suffix; a word without a dot is another utm_source people write for it. The most
exact entry wins, so `gemini.google.com` may be an assistant while `=google.*` is a search engine.

Facts gathered from Matomo's referrer lists (CC0) and Google's published GA4 source categories; where they
disagree GA4's category stands. Dead sites are left out, and what GA4 alone lists for reasons nobody knows.
"""

SEARCH = """
google: google-play googlemybusiness =google.* images.google.* maps.google.* news.google.* books.google.*
google: scholar.google.* search.google.* cse.google.* encrypted.google.com ipv6.google.com www2.google.com
google: go.google.com com.google.android.googlequicksearchbox webcache.googleusercontent.com googlesyndicatedsearch.com
bing: bing.com cc.bingj.com com.microsoft.bing
yahoo: yahoo! =yahoo.com =yahoo.co.jp search.yahoo.* r.search.yahoo.com cade.yahoo.com
msn: =msn.com ntp.msn.com
duckduckgo: ddg duckduckgo.com com.duckduckgo.mobile.android
ecosia: ecosia.org
brave: search.brave.com
startpage: startpage.com ixquick.com ixquick.de
qwant: qwant.com
kagi: kagi.com
mojeek: mojeek.com
swisscows: swisscows.com
metager: metager.de metager.org
presearch: presearch.com presearch.org
lilo: search.lilo.org
karma: karmasearch.org
oceanhero: oceanhero.today
freespoke: freespoke.com
stract: stract.com
yep: yep.com
gibiru: gibiru.com
disconnect: search.disconnect.me
privacywall: privacywall.org
baidu: baidu.com baidu.co.th
360search: 360 so.360.cn so.com sou.com haosou.com 360.cn
sogou: sogou.com soso.com
shenma: sm.cn
youdao: youdao.com
yandex: yandex.* ya.ru
mailru: go.mail.ru
rambler: rambler.ru
sputnik: sputnik.ru
tut.by: tut.by
ukr.net: ukr search.ukr.net
meta.ua: meta.ua
naver: =naver.com m.naver.com search.naver.com
daum: daum.net
nate: search.nate.com
zum: search.zum.com
goo: search.goo.ne.jp ocnsearch.goo.ne.jp
rakuten: websearch.rakuten.co.jp rakuten.co.jp
biglobe: biglobe.ne.jp biglobe.co.jp
nifty: search.nifty.com
auone: search.auone.jp sp-search.auone.jp
docomo: search.smt.docomo.ne.jp
so-net: so-net.ne.jp
excite: excite.co.jp search.excite.* msxml.excite.com excite.com
coccoc: coccoc.com
laban: laban.vn
seznam: =seznam.cz search.seznam.cz firmy.cz
centrum: centrum.cz
zoznam: zoznam.sk
najdi: najdi.si
onet: szukaj.onet.pl onet.pl
wp.pl: szukaj.wp.pl
interia: google.interia.pl
t-online: suche.t-online.de navigationshilfe.t-online.de
web.de: suche.web.de m.suche.web.de
gmx: suche.gmx.net search.gmx.com
1und1: suche.1und1.de search.1und1.de
freenet: suche.freenet.de
fireball: fireball.de fireball.com
suche.info: suche.info
bluewin: search.bluewin.ch
search.ch: search.ch
virgilio: ricerca.virgilio.it mobile.virgilio.it
libero: arianna.libero.it
tiscali: search.tiscali.it
orange: lemoteur.orange.fr busca.orange.es
voila: search.ke.voila.fr lemoteur.fr
free.fr: search.free.fr
exalead: exalead.com exalead.fr
terra: buscador.terra.es buscador.terra.cl buscador.terra.com.br
uol: busca.uol.com.br
globo: =globo.com
sapo: pesquisa.sapo.pt
eniro: eniro.se
gulesider: gulesider.no
kvasir: kvasir.no
startsiden: startsiden.no
1881: 1881.no
neti: neti.ee
walla: search.walla.co.il
abv: search.abv.bg
vuhuv: vuhuv.com
talktalk: talktalk.co.uk
bt: search.bt.com
aol: search.aol.* suche.aol.de recherche.aol.fr aolsearch.aol.* aim.search.aol.com
ask: ask.com ask.co.uk search-results.com searchqu.com
avg: search.avg.com isearch.avg.com
avast: search.avast.com
avira: search.avira.com search.avira.net safesearch.avira.com
norton: nortonsafe.search.ask.com
dogpile: dogpile.com
infospace: infospace.com metacrawler.com webcrawler.com
lycos: search.lycos.com lycos.*
info.com: info.com
search.com: =search.com
hotbot: hotbot.com
mamma: mamma.com
entireweb: entireweb.com
gigablast: gigablast.com
zapmeta: zapmeta.*
babylon: search.babylon.com isearch.babylon.com
conduit: search.conduit.com
mywebsearch: search.mywebsearch.com search.myway.com
comcast: search.comcast.net search.xfinity.com
earthlink: search.earthlink.net
"""

SOCIAL = """
facebook: fb meta facebook.com fb.com fb.me com.facebook.katana
messenger: messenger.com com.facebook.orca
instagram: ig instagram.com com.instagram.android
threads: threads.net threads.com
whatsapp: whatsapp.com wa.me com.whatsapp
linkedin: linked-in linkedin.com lnkd.in com.linkedin.android linkedin.android
twitter: x twitter.com x.com t.co com.twitter.android tweetdeck tweetdeck.com
bluesky: bsky bsky.app skyfeed.app
mastodon: mastodon.social mastodon.online mastodon.cloud mastodon.world mastodon.xyz mastodon.art
mastodon: mastodonapp.uk mastodon.scot mastodon.nz mastodon.eus mstdn.social mstdn.io mstdn.jp mstdn.party
mastodon: fosstodon.org hachyderm.io mas.to masto.ai chaos.social infosec.exchange techhub.social
mastodon: mamot.fr pawoo.net indieweb.social
mastodon: sfba.social universeodon.com toot.community newsie.social c.im front-end.social
mastodon: org.joinmastodon.android
pixelfed: pixelfed.social pixelfed.de pixelfed.uno
tiktok: tiktok.com com.zhiliaoapp.musically
snapchat: snapchat.com com.snapchat.android
pinterest: pinterest.* pin.it com.pinterest
reddit: reddit.com redd.it com.reddit.frontpage
quora: quora.com
hackernews: hacker-news news.ycombinator.com
producthunt: product-hunt producthunt.com
github: github.com
dev.to: dev.to
indiehackers: indiehackers.com
lobsters: lobste.rs
stackoverflow: stackoverflow.com
stackexchange: stackexchange.com superuser.com serverfault.com askubuntu.com stackapps.com
medium: medium.com
substack: substack.com
wordpress: wordpress.com wordpress.org
blogger: blogger.com blogspot blogspot.com
tumblr: tumblr.com umblr.com
typepad: typepad.com
livejournal: livejournal.com livejournal.ru
slideshare: slideshare.net
scribd: scribd.com
researchgate: researchgate.net
academia: academia.edu
meetup: meetup.com
yammer: yammer.com
slack: app.slack.com com.slack
teams: teams.microsoft.com statics.teams.cdn.office.net com.microsoft.teams
skype: web.skype.com
discord: discord.com discord.gg discordapp.com com.discord
telegram: telegram.org t.me org.telegram.messenger
line: line.me
kakao: kakao.com
viber: viber.com
zalo: zalo.me
wechat: weixin wechat.com weixin.qq.com
qzone: qzone.qq.com
weibo: weibo.com weibo.cn t.cn
zhihu: zhihu.com
douban: douban.com
xiaohongshu: xiaohongshu.com xhslink.com
v2ex: v2ex.com
renren: renren.com
douyin: douyin.com
naver-blog: blog.naver.com cafe.naver.com kin.naver.com
hatena: hatena.ne.jp hatenablog.com
note: note.com
ameba: ameblo.jp ameba.jp
mixi: mixi.jp
niconico: nicovideo.jp
plurk: plurk.com
vk: vkontakte vk.com vkontakte.ru com.vkontakte.android
odnoklassniki: ok.ru odnoklassniki.ru
my.mail.ru: my.mail.ru
habr: habr.com
xing: xing.com
viadeo: viadeo.com
goldenline: goldenline.pl
nk: nk.pl
taringa: taringa.net
meneame: meneame.net
skyrock: skyrock.com
draugiem: draugiem.lv
gutefrage: gutefrage.net
flipboard: flipboard.com
pocket: getpocket.com pocket.co
instapaper: instapaper.com
feedly: feedly.com
hootsuite: hootsuite.com ow.ly
buffer: buff.ly
diigo: diigo.com
digg: digg.com
slashdot: slashdot.org
mix: mix.com
disqus: disqus.com
nextdoor: nextdoor.com
yelp: yelp.*
tripadvisor: tripadvisor.*
foursquare: foursquare.com
glassdoor: glassdoor.*
goodreads: goodreads.com
last.fm: last.fm lastfm.*
soundcloud: soundcloud.com
flickr: flickr.com
deviantart: deviantart.com
dribbble: dribbble.com
behance: behance.net
artstation: artstation.com
houzz: houzz.com
wattpad: wattpad.com
fandom: fandom.com
wikihow: wikihow.com
ravelry: ravelry.com
badoo: badoo.com
myspace: myspace.com
myheritage: myheritage.com
classmates: classmates.com
ning: ning.com
workplace: workplace.com
google-groups: groups.google.* googlegroups.com
"""

VIDEO = """
youtube: yt youtube.com youtu.be youtube-nocookie.com com.google.android.youtube
vimeo: vimeo.com
dailymotion: dailymotion.com dai.ly
twitch: twitch.tv
wistia: wistia.com wistia.net
vidyard: vidyard.com
loom: loom.com
ted: ted.com
netflix: netflix.com
hulu: hulu.com
disneyplus: disneyplus.com
crackle: crackle.com
curiositystream: curiositystream.com
rumble: rumble.com
odysee: odysee.com
d.tube: d.tube
veoh: veoh.com
utreon: utreon.com
bilibili: bilibili.com
youku: youku.com
tudou: tudou.com
iqiyi: iqiyi.com iq.com
rutube: rutube.ru
google-video: video.google.com
"""

SHOPPING = """
amazon: amazon.* amazon-adsystem.com amzn.to
ebay: ebay.*
google-shopping: shopping.google.*
igshopping: igshopping
yahoo-shopping: shopping.yahoo.*
naver-shopping: shopping.naver.com
alibaba: alibaba.com
aliexpress: aliexpress.*
1688: 1688.com
taobao: taobao.com tmall.com
jd: jd.com
walmart: walmart.*
target: target.com
bestbuy: bestbuy.*
etsy: etsy.com
shopify: shopify.com shop.app
mercadolibre: mercadolibre.* mercadolivre.com.br
flipkart: flipkart.com
lazada: lazada.*
shopee: shopee.*
temu: temu.com
shein: shein.com
wish: wish.com
zalando: zalando.*
otto: otto.de
bol: bol.com
allegro: allegro.pl
cdiscount: cdiscount.com
newegg: newegg.com
wayfair: wayfair.*
shopzilla: shopzilla.com
bizrate: bizrate.com
pricegrabber: pricegrabber.com
idealo: idealo.*
kelkoo: kelkoo.*
pricerunner: pricerunner.*
shopping.net: shopping.net
simplycodes: simplycodes.com
"""

ASSISTANTS = """
chatgpt: chatgpt.com chat.openai.com labs.openai.com com.openai.chatgpt
claude: claude.ai com.anthropic.claude
gemini: gemini.google.com bard.google.com com.google.android.apps.bard
notebooklm: notebooklm.google.com
copilot: copilot.microsoft.com copilot.cloud.microsoft m365.cloud.microsoft com.microsoft.copilot
perplexity: perplexity.ai ai.perplexity.app.android
grok: grok.com
meta-ai: meta.ai
deepseek: chat.deepseek.com deepseek.com
le-chat: chat.mistral.ai
qwen: chat.qwen.ai qwen.ai
kimi: kimi.com kimi.moonshot.cn
doubao: doubao.com
chatglm: chatglm.cn chat.z.ai
ernie: yiyan.baidu.com ai.baidu.com
you: you.com
duck.ai: duck.ai
poe: poe.com
phind: phind.com
pi: pi.ai
iask: iask.ai
genspark: genspark.ai
felo: felo.ai
jasper: app.jasper.ai
writesonic: app.writesonic.com
chatplus: chatplus.com chat-gpt.org
"""

REVIEWS = """
g2: g2crowd g2.com g2crowd.com
capterra: capterra.*
trustradius: trustradius.com
getapp: getapp.*
softwareadvice: softwareadvice.*
gartner: gartner-peer-insights gartner.com
peerspot: peerspot.com itcentralstation.com
trustpilot: trustpilot.*
sourceforge: sourceforge.net
omr: omr.com
appvizer: appvizer.*
crozdesk: crozdesk.com
saasworthy: saasworthy.com
saashub: saashub.com
softwaresuggest: softwaresuggest.com
financesonline: financesonline.com
goodfirms: goodfirms.co
clutch: clutch.co
featuredcustomers: featuredcustomers.com
alternativeto: alternativeto.net
tekpon: tekpon.com
cuspera: cuspera.com
"""

WEBMAIL = """
gmail: mail.google.com com.google.android.gm
outlook: outlook.live.com outlook.office.com outlook.office365.com outlook.com com.microsoft.office.outlook
yahoo-mail: mail.yahoo.*
aol-mail: mail.aol.com
proton: mail.proton.me
zoho-mail: mail.zoho.*
icloud: icloud.com
yandex-mail: mail.yandex.*
mailru-mail: e.mail.ru
gmx-mail: navigator.gmx.net navigator-bs.gmx.net
web.de-mail: navigator.web.de
seznam-mail: email.seznam.cz
"""

RETURNS = """
google-signin: accounts.google.*
microsoft-signin: login.microsoftonline.com login.live.com
apple-signin: appleid.apple.com
stripe-checkout: checkout.stripe.com hooks.stripe.com
paypal-checkout: paypal.com
"""
"""Sign-in and payment pages: people come back from them, not through them, so they are no referrer at all."""

OTHER = """
aws-marketplace: aws.amazon.com
"""
"""Hosts that a broader entry would catch wrongly; they stay plain referrals, under a name."""

LISTS = {
    "search": SEARCH,
    "social": SOCIAL,
    "video": VIDEO,
    "shopping": SHOPPING,
    "assistants": ASSISTANTS,
    "reviews": REVIEWS,
    "webmail": WEBMAIL,
    "returns": RETURNS,
    "other": OTHER,
}
"""List name (as rules write it in `source_in` and `referrer_in`) -> its lines."""
