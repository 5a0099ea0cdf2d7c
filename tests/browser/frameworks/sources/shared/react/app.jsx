import { useEffect, useState } from 'react';

const T = 'https://trk.test';
const INLINE = "window.trkAgent = 1; (window.__ran = window.__ran || []).push('inline')";

/** A page's content with the four kinds of tracker inside React's tree; the film can be taken out and put back. */
export function App() {
  const [count, setCount] = useState(0);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    window.state = () => ({ count: document.getElementById('count').textContent, frames: document.querySelectorAll('main iframe').length });
    window.ready = true;
  }, []);
  return (
    <main>
      <h1>A page</h1>
      <button id="act" type="button" onClick={() => setCount(count + 1)}>Count</button> <output id="count">{count}</output>
      <button id="film" type="button" onClick={() => setShown(!shown)}>Film</button>
      {shown && <iframe src={`${T}/frame.html`} width="300" height="120" title="A film" />}
      <p>
        Offers: <img src={`${T}/ad.png`} width="120" height="60" alt="An offer" />
        <img src={`${T}/pixel.gif`} width="1" height="1" alt="" />
      </p>
      <div>
        <script src={`${T}/file.js`} />
      </div>
      <div>
        <script dangerouslySetInnerHTML={{ __html: INLINE }} />
      </div>
      <p>Counted {count} times.</p>
    </main>
  );
}
