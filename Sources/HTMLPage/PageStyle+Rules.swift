// SPDX-License-Identifier: Apache-2.0

extension PageStyle {
  static let colours = """
    :root{color-scheme:light dark;--ground:#f6f6f3;--surface:#fff;--ink:#1b1d20;--muted:#575d66;--line:#d9dad6;\
    --strong-line:#84898f;--link:#15549a;--well:#17703e;--notice:#875200;--problem:#ad1f19;--well-soft:#e9f4ec;\
    --notice-soft:#fcf2dd;--problem-soft:#fdecea;--plain-soft:#eeeeea;--bar:#4a77a8;--focus:#15549a}
    @media screen and (prefers-color-scheme:dark){:root{--ground:#111316;--surface:#191c20;--ink:#e8eaed;--muted:#a6adb7;\
    --line:#2d3238;--strong-line:#7b838e;--link:#8abaf6;--well:#63cf90;--notice:#e7b85a;--problem:#ff9187;\
    --well-soft:#16281d;--notice-soft:#2c2413;--problem-soft:#331a18;--plain-soft:#22262b;--bar:#7aa7d9;--focus:#8abaf6}}

    """

  static let layout = """
    *,::before,::after{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 -apple-system,BlinkMacSystemFont,\
    "Segoe UI",Roboto,"Noto Sans","Liberation Sans",system-ui,Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    body>header,main,body>footer{max-width:74rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,2.5rem)}
    body>header{padding-block:1.25rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;\
    justify-content:space-between}
    body>header p{margin:0}
    body>footer{padding-block:1.5rem 3rem;margin-top:3rem;color:var(--muted);font-size:.875rem}
    body>footer p{margin:.25rem 0;max-width:80ch}
    main:focus{outline:none}
    nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.9375rem}
    nav a{display:inline-block;padding-block:.25rem}
    a{color:var(--link);text-underline-offset:.2em;text-decoration-thickness:1px}
    a:hover{text-decoration-thickness:2px}
    :focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:2px}
    .skip{position:absolute;left:1rem;top:-4rem;background:var(--surface);padding:.5rem 1rem;z-index:1}
    .skip:focus{top:.5rem}
    h1,h2,h3{line-height:1.25;text-wrap:balance;margin:0}
    h1{font-size:clamp(1.5rem,1.2rem + 1.4vw,2rem);font-weight:650;letter-spacing:-.01em}
    h2{font-size:1.25rem;font-weight:650}
    h3{font-size:1rem;font-weight:650}
    section>h3{margin-top:1.75rem}
    section{margin-top:2.75rem}
    section>h2{padding-bottom:.5rem;border-bottom:1px solid var(--line);margin-bottom:1rem}
    p{max-width:75ch;margin:.5rem 0}
    .muted{color:var(--muted)}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
    pre{margin:.5rem 0 0;padding:.5rem .75rem;background:var(--plain-soft);border-radius:4px;white-space:pre-wrap}

    """

  static let parts = """
    .verdict{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin-top:1.25rem;padding:1.25rem 1.5rem;\
    background:var(--plain-soft);border-radius:6px;border-inline-start:6px solid var(--strong-line)}
    .verdict svg{width:2.25rem;height:2.25rem;margin-top:.15rem}
    .verdict p{margin:.25rem 0 0}
    .verdict.well{background:var(--well-soft);border-color:var(--well)}
    .verdict.notice{background:var(--notice-soft);border-color:var(--notice)}
    .verdict.problem{background:var(--problem-soft);border-color:var(--problem)}
    svg.well{color:var(--well)}svg.notice{color:var(--notice)}svg.problem{color:var(--problem)}svg.plain{color:var(--muted)}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(9.5rem,44%),1fr));gap:1rem 1.5rem;margin:1.5rem 0 0}
    .facts>div{border-top:1px solid var(--line);padding-top:.5rem}
    .facts dt{color:var(--muted);font-size:.875rem}
    .facts dd{margin:0;font-size:1.25rem;font-weight:600;line-height:1.3}
    .facts dd small{display:block;font-size:.875rem;font-weight:400;color:var(--muted);line-height:1.4}
    .pairs{margin:.5rem 0 0;font-size:.9375rem}
    .pairs>div{display:grid;grid-template-columns:minmax(9rem,16rem) minmax(0,1fr);gap:0 1rem;padding:.4rem 0;\
    border-bottom:1px solid var(--line)}
    .pairs dt{color:var(--muted)}
    .pairs dd{margin:0}
    .notices{list-style:none;margin:1rem 0 0;padding:0;display:grid;gap:.75rem}
    .notices>li{display:grid;grid-template-columns:auto minmax(0,1fr);gap:0 .75rem;padding:.9rem 1rem;\
    background:var(--surface);border:1px solid var(--line);border-radius:6px}
    .notices svg,.badge svg{width:1.25em;height:1.25em;flex:none}
    .notices svg{margin-top:.15em}
    .notices p{margin:0}
    .notices p+p{margin-top:.15rem;color:var(--muted)}
    .notices ul{margin-top:.6rem;font-size:.9375rem}
    .rows{list-style:none;margin:0;padding:0}
    .rows li+li{margin-top:.2rem}
    .notices strong{font-weight:600}
    .badge{display:inline-flex;gap:.35em;align-items:center;white-space:nowrap}
    .badge svg{width:1.05em;height:1.05em}
    .scroll{overflow-x:auto;margin-block:.75rem}
    table{border-collapse:collapse;width:100%;font-size:.9375rem}
    caption{text-align:start;color:var(--muted);font-size:.875rem;padding-bottom:.35rem}
    th,td{text-align:start;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
    th:last-child,td:last-child{padding-inline-end:0}
    thead th{color:var(--muted);font-weight:500;font-size:.875rem;white-space:nowrap;vertical-align:bottom}
    tbody th{font-weight:500}
    .n{text-align:end;white-space:nowrap}
    th.n,td.n{padding-inline-end:1.5rem}
    th.n:last-child,td.n:last-child{padding-inline-end:0}
    .f{white-space:nowrap}
    th{overflow-wrap:break-word}
    td:last-child:not(.n,.f){min-width:10rem}
    th>code,td>span>code{display:inline-block;min-width:8.5rem;overflow-wrap:anywhere}
    details{margin-block:.5rem}
    summary{cursor:pointer;color:var(--link);padding-block:.25rem;width:fit-content}
    figure{margin:1rem 0}
    figcaption{color:var(--muted);font-size:.875rem;margin-bottom:.5rem;max-width:80ch}
    @media (max-width:40rem){table{font-size:.875rem}th,td{padding-inline-end:.5rem}th.n,td.n{padding-inline-end:.75rem}\
    td:last-child:not(.n,.f){min-width:8rem}.pairs>div{grid-template-columns:1fr}.verdict{padding:1rem}.verdict svg{width:1.75rem;height:1.75rem}}
    @media (forced-colors:active){.verdict,.notices>li{border:1px solid CanvasText}}

    """

  static let printing = """
    @media print{:root{color-scheme:light;--ground:#fff;--plain-soft:#f3f3f1}
    body{font-size:10pt}body>header,main,body>footer{max-width:none;padding-inline:0}
    nav,.skip,.screen{display:none}section{margin-top:1.5rem}h2,h3,caption{break-after:avoid}
    .notices>li,figure,.verdict,tr{break-inside:avoid}.scroll{overflow:visible}a{color:inherit;text-decoration:none}
    svg,.verdict,li::before{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    @page{margin:16mm}

    """
}
