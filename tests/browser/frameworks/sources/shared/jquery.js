import { ready } from './count.js';

const T = 'https://trk.test';

/** Inserts one tracker in each way that jQuery has. */
export function inserts($) {
  $(() => {
    $('<script>', { src: `${T}/append-to.js` }).appendTo('#one');
    const script = document.createElement('script');
    script.src = `${T}/append.js`;
    $('#one').append(script);
    $('#two').html(
      `<p>More.</p><img src="${T}/html.gif" width="20" height="20" alt=""><script src="${T}/html.js"></script>` +
        `<script>window.trkAgent = 1; (window.__ran = window.__ran || []).push('html')</script>`,
    );
    $('#three').append($('<iframe>', { src: `${T}/appended.html`, width: 200, height: 50 }));
    $.getScript(`${T}/get-script.js`);
    ready();
  });
}
