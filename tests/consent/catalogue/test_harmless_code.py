"""What marks a service's inline code is in none of the code that pages have anyway."""

from __future__ import annotations

import re

import pytest

from consent.catalogue import known

# Written as pages have it: settings, menus, structured data, frameworks' start, feature tests, lazy pictures …
HARMLESS = (
    "document.documentElement.className = document.documentElement.className.replace('no-js', 'js');",
    "window.dataLayer = window.dataLayer || []; dataLayer.push({event: 'page_view', page: location.pathname});",
    "(function(d){var m=d.querySelector('.menu');m.addEventListener('click',function(){m.classList.toggle('open')})})(document);",
    '{"@context":"https://schema.org","@type":"Organization","url":"https://shop.example/","logo":"https://shop.example/l.png"}',
    "window.__NEXT_DATA__ = {props:{pageProps:{}},page:'/',query:{},buildId:'x'};",
    "window.__NUXT__ = {config:{public:{}}}; window.__INITIAL_STATE__ = JSON.parse('{}');",
    "var wpApiSettings = {root:'https://shop.example/wp-json/',nonce:'1'}; var wc_add_to_cart_params = {ajax_url:'/wp-admin/admin-ajax.php'};",
    "if ('serviceWorker' in navigator) { navigator.serviceWorker.register('/sw.js'); }",
    "jQuery(function($){ $('.slider').slick({dots:true}); $('#form').on('submit', function(e){ e.preventDefault(); }); });",
    "new Swiper('.swiper', {loop:true, pagination:{el:'.p'}}); AOS.init(); lazySizes.init(); Alpine.start(); htmx.process(document.body);",
    "requestAnimationFrame(function tick(t){ var map = new Map(); map.set('t', t); requestAnimationFrame(tick); });",
    "fetch('/api/cart').then(r => r.json()).then(cart => { document.querySelector('#n').textContent = cart.items.length; });",
    "try{var t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch(e){}",
    "const io = new IntersectionObserver(es => es.forEach(e => { if (e.isIntersecting) e.target.src = e.target.dataset.src; }));",
    "window.addEventListener('load', function () { var s = document.createElement('style'); s.textContent = '.a{}'; document.head.append(s); });",
    "var Frames = [], Stream = null, Events = {on(){}}, App = {init(){}}, UI = {}, Data = {}, Page = {}, Cart = {add(){}}, Map2 = {};",
    "function split(a){return a.split(',')} function track(a){} function analytics(){} function api(){} var sas = 1, iom = 2, pa = 3, VK2 = 4;",
    "customElements.define('x-menu', class extends HTMLElement { connectedCallback() { this.hidden = false; } });",
    "MathJax = {tex:{inlineMath:[['$','$']]}}; hljs.highlightAll(); mermaid.initialize({startOnLoad:true}); Prism.highlightAll();",
    "ReactDOM.createRoot(document.getElementById('root')).render(React.createElement('p')); Vue.createApp({}).mount('#app');",
    "var L = window.L; var leaflet = L && L.map('map').setView([51, 0], 13); var H = {}; var tt = 0; var SV = ''; var DG = null;",
    "_.debounce(save, 300); moment().format(); gsap.to('.a', {x: 10}); THREE.Cache.enabled = true; d3.select('svg'); Chart.register();",
    "window.MSCompatibleInfo = null; var Stripe2, PayPal2; document.write('<noscript></noscript>');",
)  # fmt: skip


@pytest.mark.parametrize("code", HARMLESS)
def test_no_mark_is_in_code_that_pages_have_anyway(code):
    assert [service["key"] for service in known.of_code(code)] == []
    called = {
        mark
        for service in known.services()
        for mark in service["inline"]
        if mark.startswith("after:") and re.search(rf"(?<![\w$.]){re.escape(mark[6:])}(?![\w$])", code)
    }
    assert called == set()


def test_a_mark_that_is_too_common_would_be_noticed():
    assert [s["key"] for s in known.of_code("fbq('init', '1'); NREUM||(NREUM={})")] == ["meta-pixel", "new-relic"]
    names = {mark[6:] for service in known.services() for mark in service["inline"] if mark.startswith("after:")}
    plain = {
        "init",
        "load",
        "api",
        "app",
        "map",
        "data",
        "events",
        "track",
        "analytics",
        "config",
        "cart",
        "page",
        "user",
    }
    assert {name for name in names if name.casefold() in plain or len(name) < 2} == set()
