"""Hostile and odd pages, a few lines each, with the verdict that a visit must come to."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

HEAD = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prise de rendez-vous</title>'
WORDS = "Aucun créneau disponible pour le moment."
NONE = f'<p class="vide">{WORDS}</p>'
FREE = '<h2>Choisissez votre créneau</h2><a class="libre" href="#">3 décembre 09:00</a>'


@dataclass(frozen=True)
class OddPage:
    """A page as it is sent; `OTHER` in it is another site at the same server."""

    content: str
    verdict: str = "no_slots"
    charset: str | None = "utf-8"
    media_type: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()


def body(content: str, verdict: str = "no_slots") -> OddPage:
    return OddPage(HEAD + content, verdict)


def script(source: str, content: str = NONE, verdict: str = "no_slots") -> OddPage:
    """A page whose script runs behind its content."""
    return body(f"{content}<script>{source}</script>", verdict)


def lie(source: str) -> OddPage:
    """A page whose script runs before its content, and claims what is not there."""
    return body(f"<script>{{{source}}}</script>{NONE}<script>setTimeout(()=>0)</script>")


LIES = {
    "strings that cut everything": lie(
        "for(const k of['slice','replace','trim','normalize','toWellFormed','split'])"
        "String.prototype[k]=()=>'Choisissez votre créneau'"
    ),
    "strings that raise": lie(
        "for(const k of Object.getOwnPropertyNames(String.prototype))if(k!='constructor')"
        "try{String.prototype[k]=()=>{throw 1}}catch{}"
    ),
    "arrays that raise": lie(
        "for(const k of Object.getOwnPropertyNames(Array.prototype))if(k!='constructor')"
        "try{Array.prototype[k]=()=>{throw 1}}catch{}"
    ),
    "nothing is found": lie(
        "Document.prototype.querySelectorAll=Document.prototype.querySelector="
        "Element.prototype.querySelectorAll=Element.prototype.matches=Element.prototype.closest=()=>[]"
    ),
    "everything is found": lie(
        "const q=Document.prototype.querySelectorAll;"
        "Document.prototype.querySelectorAll=function(){return q.call(this,'p.vide')}"
    ),
    "a title that raises": lie(
        "for(const o of[document,Document.prototype])"
        "Object.defineProperty(o,'title',{get(){throw 1}})"
    ),
    "an address of its own": lie("history.replaceState(0,'','#libre')"),
    "values that write themselves": lie(
        "Object.prototype.toJSON=String.prototype.toJSON=Array.prototype.toJSON="
        "()=>({text:'Choisissez votre créneau'})"
    ),
    "JSON that lies": lie("JSON.stringify=()=>'{}';JSON.parse=()=>({})"),
    "no iterators": lie(
        "delete Array.prototype[Symbol.iterator];delete NodeList.prototype[Symbol.iterator];"
        "Map.prototype[Symbol.iterator]=Set.prototype[Symbol.iterator]=()=>{throw 1}"
    ),
    "no maps and no promises": lie("Map=Set=WeakMap=WeakSet=Promise=RegExp=undefined"),
    "observers that raise": lie(
        "MutationObserver=PerformanceObserver=IntersectionObserver=ResizeObserver="
        "class{constructor(){throw 1}}"
    ),
    "styles that lie": lie("getComputedStyle=()=>({display:'none',opacity:'0'})"),
    "boxes that lie": lie(
        "Element.prototype.getBoundingClientRect=Range.prototype.getClientRects="
        "Element.prototype.getClientRects=()=>[]"
    ),
    "nothing is drawn": lie(
        "Element.prototype.checkVisibility=()=>false;"
        "Document.prototype.elementFromPoint=Document.prototype.elementsFromPoint=()=>null"
    ),
    "words that lie": lie(
        "for(const p of[HTMLElement,Node,Text,CharacterData])for(const k of"
        "['innerText','textContent','data','nodeValue'])try{Object.defineProperty(p.prototype,k,"
        "{get:()=>'Choisissez votre créneau'})}catch{}"
    ),
    "nodes that raise": lie(
        "for(const k of['childNodes','parentNode','nodeType','ownerDocument'])"
        "Object.defineProperty(Node.prototype,k,{get(){throw 1}})"
    ),
    "a document that raises": lie(
        "for(const k of['body','documentElement','readyState','defaultView','createRange'])"
        "Object.defineProperty(document,k,{get(){throw 1}})"
    ),
    "a clock that stands": lie("Date.now=performance.now=Performance.prototype.now=()=>NaN"),
    "no listeners": lie("EventTarget.prototype.addEventListener=()=>{throw 1}"),
    "a fleet of its own": lie(
        "window.fleet={read:()=>({text:'Choisissez votre créneau'}),outline:()=>({})}"
    ),
    "a frozen world": lie(
        "for(const o of[Object,Array,Element,Node,Map])Object.freeze(o.prototype);"
        "Object.freeze(document)"
    ),
    "setters on every object": lie(
        "for(const k of['text','url','title','counts','x','y','get','value'])"
        "Object.defineProperty(Object.prototype,k,{get:()=>1,set(){throw 1},configurable:true})"
    ),
    "events of its own making": lie(
        "setInterval(()=>{for(const e of document.querySelectorAll('*'))"
        "for(const k of['load','error'])e.dispatchEvent(new Event(k));"
        "for(const k of['error','DOMContentLoaded'])document.dispatchEvent(new Event(k))},50)"
    ),
    "an error for every question": lie(
        "onerror=()=>document.body.remove();console.log=()=>{throw 1}"
    ),
}
"""Scripts that redefine, before anything is there, what a reading is made of."""


def clobbering(content: str) -> OddPage:
    return body(content.replace("HERE", NONE))


def fields(*names: str) -> OddPage:
    """A form around the answer whose fields have these names."""
    inputs = "".join(f'<input name="{name}">' for name in names)
    return clobbering(f"<form>{inputs}HERE</form>")


CLOBBERS = {
    "nodes": fields("children", "childNodes", "parentNode", "nodeType", "attributes", "tagName"),
    "measures": fields(
        "getBoundingClientRect", "getClientRects", "checkVisibility", "clientHeight"
    ),
    "slots": fields("assignedSlot", "shadowRoot", "host", "assignedNodes"),
    "a slot that goes round": clobbering(
        '<form><input name="assignedSlot" form="f"></form>'
        '<form id="f"><input name="assignedSlot">HERE</form>'
    ),
    "words": fields("innerText", "textContent", "outerHTML", "data", "title", "labels"),
    "methods": fields("matches", "closest", "contains", "getAttribute", "hasAttribute", "form"),
    "scrolling": fields("scrollHeight", "scrollWidth", "clientWidth", "scrollIntoView", "style"),
    "the document": clobbering(
        "".join(
            f'<img name="{name}" alt="">'
            for name in (
                "body",
                "documentElement",
                "title",
                "readyState",
                "defaultView",
                "doctype",
                "createRange",
                "querySelectorAll",
                "getAnimations",
                "elementFromPoint",
            )
        )
        + "HERE"
    ),
    "the window": clobbering(
        '<iframe name="getComputedStyle" hidden></iframe><iframe name="innerWidth" hidden></iframe>'
        '<a id="performance"></a><a id="location"></a><a id="Node"></a>HERE'
    ),
    "the fleet": clobbering(
        '<img id="fleet" name="fleet" alt=""><iframe name="fleet" hidden></iframe>HERE'
    ),
    "the fleet of a frame": clobbering(
        'HERE<iframe srcdoc="<img id=fleet><form id=fleet name=fleet><input name=ended>'
        '<input name=restless></form>"></iframe>'
    ),
}
"""Names of elements that hide properties of a form, the document or the window."""

UPSETS = {
    "the document is opened anew": script(
        f"addEventListener('load',()=>{{document.open();document.write(`{HEAD}{NONE}"
        "<iframe src=/frame></iframe><script src=/script.js><\\/script>`);document.close()})",
        "",
    ),
    "the slots are written anew": script(
        f"addEventListener('load',()=>setTimeout(()=>{{document.open();document.write(`{HEAD}"
        f"{FREE}`);document.close()}},100))",
        NONE,
        "slots",
    ),
    "the document is never closed": script(
        f"addEventListener('load',()=>{{document.open();document.write(`{HEAD}{NONE}`)}})", ""
    ),
    "the body is another each moment": script(
        "setInterval(()=>document.body.replaceWith(document.body.cloneNode(true)),100)"
    ),
    "a javascript: address": script(
        f"location=\"javascript:'{NONE}'\"".replace('"vide"', "vide"), ""
    ),
    "a carousel that counts in the address": script(
        "let i=0;setInterval(()=>location.hash='p'+i++,150)"
    ),
    "a history that grows": script(
        "let i=0;setInterval(()=>history.pushState(0,'','?p='+i++),150)"
    ),
    "boxes without end": script("setInterval(()=>alert('Aucun'),30)"),
    "a box as long as a book": script("alert('x'.repeat(1e6))"),
    "a title as long as a book": script("document.title='x'.repeat(3e5)"),
    "an attribute as long as a book": script("document.body.dataset.x='x'.repeat(3e6)"),
    "an address as long as a page": script("history.replaceState(0,'','?'+'x'.repeat(60000))"),
    "half a character everywhere": script(
        "const h='\\ud83d';document.title=h;document.body.append(h);document.body.className=h;"
        "document.body.setAttribute('data-x',h)"
    ),
    "controls everywhere": script(
        "const c='\\x1b[2J\\x9b\\u202e\\u2066';document.title=c;document.body.append(c);alert(c)"
    ),
    "frames come and go": script(
        "setInterval(()=>{const f=document.createElement('iframe');f.srcdoc='x';"
        "document.body.append(f);setTimeout(()=>f.remove(),60)},100)"
    ),
    "another site's frame is shown in another's place": script(
        "setTimeout(()=>{f.hidden=true;g.hidden=false},900)",
        '<iframe id="f" width="600" src="OTHER/map"></iframe>'
        '<iframe id="g" width="600" src="OTHER/slots" hidden></iframe>',
        "slots",
    ),
    "a frame that never comes": body(f'{NONE}<iframe src="OTHER/never"></iframe>'),
    "a calendar's frame that never comes": body(
        f'{NONE}<iframe src="OTHER/never/creneaux"></iframe>', "unrecognised"
    ),
    "elements without end": script(
        "document.body.append(...Array.from({length:30000},()=>document.createElement('b')))",
        verdict="unrecognised",
    ),
    "elements five hundred deep": body("<div>" * 500 + NONE),
    "no element at all": script("document.documentElement.remove()", verdict="unrecognised"),
    "windows without end": script("setInterval(()=>open('/slots'),50)"),
    "a page that prints itself": script("setInterval(()=>print(),50)"),
}
"""What a page does while it is read."""

# Innocent -----------------------------------------------------------------------------------------


def styled(style: str, content: str = NONE) -> OddPage:
    return body(f"<style>{style}</style>{content}")


def sentence(html: str) -> OddPage:
    return body(f'<p class="vide">{html}</p>')


def encoded(charset: str, declared: str | None, *, bom: bytes = b"") -> OddPage:
    meta = f'<meta charset="{declared}">' if declared else ""
    content = f"<!doctype html>{meta}<title>R</title>{NONE}".encode(charset)
    return OddPage((bom + content).decode("latin-1"), charset=None)


PROTOTYPE_JS = (
    "Object.extend=(a,b)=>{for(const k in b)a[k]=b[k];return a};"
    "Object.extend(Array.prototype,{each(f){for(const x of this)f(x)},"
    "toJSON(){return '['+this+']'},"
    "first(){return this[0]},without(){return this},inspect(){return ''}});"
    "Object.extend(String.prototype,{strip(){return this.replace(/^\\s+/,'')},"
    "toJSON(){return '\"'+this+'\"'}});"
    "Object.extend(Element.prototype,{update(h){this.innerHTML=h},hide(){this.style.display='none'},"
    "remove(){this.parentNode.removeChild(this)}});"
    "Array.from=i=>Array.prototype.concat.apply([],i||[]);"
    "Function.prototype.bind=function(o){const f=this;"
    "return function(){return f.apply(o,arguments)}};"
    "Element.prototype.getElementsByClassName=function(){return []}"
)
MOOTOOLS = (
    "Array.from=i=>i==null?[]:[i];Function.from=f=>()=>f;"
    "Element.prototype.get=function(){return null};"
    "Object.prototype.$family=()=>'object';Array.prototype.flatten=function(){return 'smoosh'};"
    "String.prototype.contains=function(){return true};Array.prototype.contains=()=>true"
)
POLYFILLS = (
    "window.Promise=class{constructor(f){setTimeout(()=>f(()=>0,()=>0))}then(){return this}"
    "catch(){return this}static resolve(){return new this(()=>0)}};"
    "window.Map=class{set(){return this}get(){}has(){return false}};"
    "Array.prototype.includes=function(x){return this.indexOf(x)>=0};"
    "Symbol.iterator&&(Array.prototype[Symbol.iterator]=Array.prototype.values)"
)
ZONES = (
    "for(const k of['setTimeout','setInterval','requestAnimationFrame']){const f=window[k];"
    "window[k]=function(g,...r){return f.call(this,()=>g(),...r)}};"
    "const a=EventTarget.prototype.addEventListener;EventTarget.prototype.addEventListener="
    "function(t,f,o){return a.call(this,t,typeof f=='function'?e=>f.call(this,e):f,o)};"
    "const M=MutationObserver;window.MutationObserver=function(f){return new M(r=>f(r))}"
)

INNOCENT = {
    "Prototype": lie(PROTOTYPE_JS),
    "MooTools": lie(MOOTOOLS),
    "polyfills": lie(POLYFILLS),
    "zones": lie(ZONES),
    "jQuery without conflict": lie("window.$=window.jQuery=()=>({ready(){}});delete window.$"),
    "names on every object": lie(
        "Object.prototype.extend=function(){};Object.prototype.each=()=>0"
    ),
    "frames of a frameset": OddPage(
        '<html><title>R</title><frameset cols="50%,50%"><frame src="/frame"><frame src="/map">'
        "</frameset></html>"
    ),
    "XHTML": OddPage(
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>R</title></head>'
        f"<body>{NONE}</body></html>",
        media_type="application/xhtml+xml",
    ),
    "quirks": OddPage(f"<html><title>R</title><body><table><tr><td>{NONE}</table>"),
    "no body": OddPage(f"<title>R</title>{NONE}"),
    "another base": body(f'<base href="http://ailleurs.example/a/">{NONE}<img src="b.png" alt="">'),
    "written by its script": script(f"document.write('{NONE}')", ""),
    "plaintext": body(f"{NONE}<plaintext></p> une suite <b>"),
    "refreshed every half minute": body(f'<meta http-equiv="refresh" content="30">{NONE}'),
    "a large table": body(f"<table>{('<tr>' + '<td>x</td>' * 20) * 40}</table>{NONE}"),
    "a custom element": body(f"<un-agenda>{NONE}</un-agenda>"),
    "in a slot of a shadow root": body(
        '<un-agenda><template shadowrootmode="open"><section><slot></slot></section></template>'
        f"{NONE}</un-agenda>"
    ),
    "from right to left": body(f'<div dir="rtl">المواعيد {NONE} \u200f</div>'),
    "marks of direction": sentence(f"\u200e{WORDS[:14]}\u200f{WORDS[14:]}\u202c"),
    "windows-1252 by its header": OddPage(f"<title>R</title>{NONE}", charset="windows-1252"),
    "windows-1252 by its meta": encoded("cp1252", "windows-1252"),
    "ISO-8859-15": encoded("iso-8859-15", "iso-8859-15"),
    "UTF-8 without a word": encoded("utf-8", None, bom=codecs.BOM_UTF8),
    "UTF-16": encoded("utf-16-le", None, bom=codecs.BOM_UTF16_LE),
    "hard spaces": sentence(WORDS.replace(" ", "&nbsp;")),
    "thin spaces": sentence(WORDS.replace(" ", "\u202f")),
    "soft hyphens": sentence(WORDS.replace("disponible", "dis&shy;po&shy;nible")),
    "accents apart": sentence(WORDS.replace("é", "e\u0301")),
    "entities": sentence(WORDS.replace("é", "&eacute;")),
    "capitals by style": styled("p{text-transform:uppercase}"),
    "small capitals": styled("p{font-variant:small-caps;letter-spacing:.3em}"),
    "words in spans": sentence(" ".join(f"<span>{word}</span>" for word in WORDS.split())),
    "letters in spans": sentence("".join(f"<i>{letter}</i>" for letter in WORDS)),
    "a word broken by a comment": sentence(WORDS.replace("disponible", "dispo<!-- -->nible")),
    "a first letter": styled("p::first-letter{font-size:3em;float:left}"),
    "signs before and after": styled("p::before{content:'⚠ '}p::after{content:' !'}"),
    "columns": styled("body{columns:3 80px}"),
    "a frame of its own text": body(f"<iframe width=600 srcdoc='{NONE}'></iframe>"),
    "a frame in a sandbox": body('<iframe sandbox width=600 src="/frame"></iframe>'),
    "a frame from a blob": script(
        f"f.src=URL.createObjectURL(new Blob(['{NONE}'],{{type:'text/html;charset=utf-8'}}))",
        "<iframe id=f width=600></iframe>",
    ),
    "a frame written by its page": script(
        f"f.contentDocument.body.innerHTML='{NONE}'", "<iframe id=f width=600></iframe>"
    ),
    "a frame of another site": body('<iframe width=600 src="OTHER/frame"></iframe>'),
    "a frame in a frame": body('<iframe width=600 src="OTHER/outer"></iframe>'),
    "content-visibility": styled(
        "div{content-visibility:auto;contain-intrinsic-size:9px}", f"<div>{NONE}</div>"
    ),
    "a dialog": body(f"<dialog open>{NONE}</dialog>"),
    "a popover": script("p.showPopover()", f"<div id=p popover>{NONE}</div>"),
    "folded words beside slots": body(
        f"<details><summary>Aide</summary>{NONE}</details>{FREE}", "slots"
    ),
    "words for print beside slots": body(
        f"<style>@media screen{{.p{{display:none}}}}</style><div class=p>{NONE}</div>{FREE}",
        "slots",
    ),
    "a template beside": body(f"<template>{FREE}</template>{NONE}"),
    "hidden beside": body(f"<div hidden>{FREE}</div><noscript>{FREE}</noscript>{NONE}"),
    "zoomed": styled("body{zoom:1.7}"),
    "turned a little": styled("p{transform:rotate(-3deg) scale(.9)}"),
    "a grid out of order": styled(
        "body{display:flex;flex-direction:column-reverse}", f"{NONE}<p>Pied"
    ),
    "written upright": styled("p{writing-mode:vertical-rl}"),
    "a cell that is no cell": body(f"<table>{NONE}<tr><td>x</table>"),
    "cells that are never closed": body("<div><font>ligne " * 40 + NONE),
    "fields called as methods": fields("action", "method", "submit", "name", "id", "length"),
    "a box at its start": script("alert('Bienvenue')"),
    "an address of three thousand characters": script("fetch('/map?'+'x'.repeat(3000))"),
    "errors of its own": script("setInterval(()=>{throw new Error('x')},100);console.warn('y')"),
    "a broken picture": body(f'{NONE}<img src="/absent.png" alt="absent">'),
    "a drawing that links": body(
        f'<svg width=9 height=9><a href="/map"><rect width=9 height=9 /></a></svg>{NONE}'
    ),
    "no title": OddPage(f"<!doctype html><meta charset=utf-8>{NONE}"),
}
"""Odd and harmless: what a person sees is the answer."""
