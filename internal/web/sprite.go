package web

// sprite is every icon of the product, drawn by us on a grid of 24 units.
const sprite = `<svg hidden aria-hidden="true" width="0" height="0">
<symbol id="i-alert" viewBox="0 0 24 24"><path d="M12 4 2.800 19.500h18.400zM12 10v4.500M12 17.200v.1"/></symbol>
<symbol id="i-box" viewBox="0 0 24 24"><path d="m12 3 8.500 4.500v9L12 21l-8.500-4.500v-9zM3.500 7.500 12 12l8.500-4.500M12 12v9"/></symbol>
<symbol id="i-cal" viewBox="0 0 24 24"><rect x="4" y="5.500" width="16" height="15" rx="2"/><path d="M4 10.500h16M8.500 3.500v4M15.500 3.500v4"/></symbol>
<symbol id="i-card" viewBox="0 0 24 24"><rect x="3" y="5.500" width="18" height="13" rx="2"/><path d="M3 10h18M7 15h3"/></symbol>
<symbol id="i-chart" viewBox="0 0 24 24"><path d="M4 20.500h16.500M7 17v-5M12 17V6.500M17 17v-8"/></symbol>
<symbol id="i-chat" viewBox="0 0 24 24"><path d="M4 5.500h16v11h-9l-4.500 4v-4H4z"/></symbol>
<symbol id="i-check" viewBox="0 0 24 24"><path d="m5 12.5 4.5 4.5L19 7.5"/></symbol>
<symbol id="i-checks" viewBox="0 0 24 24"><path d="m2.5 12.5 4 4L14 9M11 15.5l1.5 1.5L21.5 8"/></symbol>
<symbol id="i-clock" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/></symbol>
<symbol id="i-dash" viewBox="0 0 24 24"><circle cx="12" cy="12" r="7.500" stroke-dasharray="3 3"/></symbol>
<symbol id="i-doc" viewBox="0 0 24 24"><path d="M6.5 3.5h7l4.5 4.5v12.5h-11.5zM13 3.5V8.5h5M9 13h6M9 16.5h6"/></symbol>
<symbol id="i-dot" viewBox="0 0 24 24"><circle cx="12" cy="12" r="7.5"/><circle cx="12" cy="12" r="3.2" fill="currentColor" stroke="none"/></symbol>
<symbol id="i-down" viewBox="0 0 24 24"><path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14"/></symbol>
<symbol id="i-flow" viewBox="0 0 24 24"><rect x="3.500" y="4" width="6" height="6" rx="1.500"/><rect x="14.500" y="14" width="6" height="6" rx="1.500"/><path d="M6.500 10v7h8"/></symbol>
<symbol id="i-gauge" viewBox="0 0 24 24"><path d="M4 17.500a8.500 8.500 0 1 1 16 0M12 15l4-5"/></symbol>
<symbol id="i-inbox" viewBox="0 0 24 24"><path d="M3.500 13.500 6.500 5h11l3 8.500v6h-17zM3.500 13.500h5l1.500 2.500h4l1.500-2.500h5"/></symbol>
<symbol id="i-info" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.500"/><path d="M12 11v5.500M12 7.800v.1"/></symbol>
<symbol id="i-key" viewBox="0 0 24 24"><circle cx="8" cy="15.500" r="4"/><path d="m11 12.500 8.500-8.500M16 7.500l2.500 2.500"/></symbol>
<symbol id="i-log" viewBox="0 0 24 24"><path d="M8 6.500h12M8 12h12M8 17.500h12M4 6.500h.1M4 12h.1M4 17.500h.1"/></symbol>
<symbol id="i-mail" viewBox="0 0 24 24"><rect x="3.5" y="5.5" width="17" height="13" rx="2"/><path d="m4 7 8 6 8-6"/></symbol>
<symbol id="i-note" viewBox="0 0 24 24"><path d="M4.500 4.500h15v10l-5 5h-10zM14.500 19.500v-5h5"/></symbol>
<symbol id="i-pause" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8.500"/><path d="M10 9v6M14 9v6"/></symbol>
<symbol id="i-ring" viewBox="0 0 24 24"><circle cx="12" cy="12" r="7.5"/></symbol>
<symbol id="i-shield" viewBox="0 0 24 24"><path d="M12 3.500 4.500 6v6c0 4.500 3 7.500 7.500 9 4.500-1.500 7.500-4.500 7.500-9V6z"/></symbol>
<symbol id="i-shieldok" viewBox="0 0 24 24"><path d="M12 3.500 4.500 6v6c0 4.500 3 7.500 7.500 9 4.500-1.500 7.500-4.500 7.500-9V6zM8.500 12l2.500 2.500 4.500-5"/></symbol>
<symbol id="i-trash" viewBox="0 0 24 24"><path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13.500h9l1-13.500"/></symbol>
<symbol id="i-undo" viewBox="0 0 24 24"><path d="M8.5 5 4.5 9l4 4M4.5 9h9a6 6 0 0 1 0 12H8"/></symbol>
<symbol id="i-user" viewBox="0 0 24 24"><circle cx="12" cy="8" r="4"/><path d="M4.500 20.500a7.500 7.500 0 0 1 15 0"/></symbol>
<symbol id="i-voice" viewBox="0 0 24 24"><path d="M4 9.500v5h3.500L16 19V5L7.500 9.500zM19 9.500a4 4 0 0 1 0 5"/></symbol>
<symbol id="i-x" viewBox="0 0 24 24"><path d="m6 6 12 12M18 6 6 18"/></symbol>
</svg>`
