'use client';
import Script from 'next/script';
import { useEffect, useState } from 'react';

const T = 'https://trk.test';

export function Content({ n = '', children }) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    window.state = () => ({ count: document.getElementById('count').textContent });
    window.ready = true;
  }, []);
  return (
    <main>
      <h1>A page</h1>
      <button id="act" type="button" onClick={() => setCount(count + 1)}>Count</button> <output id="count">{count}</output>
      {children}
      <iframe src={`${T}/frame${n}.html`} width="300" height="120" title="A film" />
      <p>
        Offers: <img src={`${T}/ad${n}.png`} width="120" height="60" alt="An offer" />
        <img src={`${T}/pixel${n}.gif`} width="1" height="1" alt="" />
      </p>
      <Script src={`${T}/file${n}.js`} strategy="afterInteractive" />
      <Script id={`inline${n}`} strategy="afterInteractive">{`window.trkAgent = 1; (window.__ran = window.__ran || []).push('inline${n}')`}</Script>
    </main>
  );
}
