// SPDX-License-Identifier: Apache-2.0
internal import HTMLPage

extension PageStyle {
  /// With the rules of calendar, charts and chain.
  static let archive = PageStyle.shared.adding(
    """
    :root{--kept:#2c7a72;--kept-soft:#2c7a72;--alert:#b76e00}
    @media screen and (prefers-color-scheme:dark){:root{--kept:#4fae9f;--kept-soft:#4fae9f;--alert:#d99a2b}}
    .signs{position:absolute}
    .ca{fill:var(--kept)}
    .ce{fill:none;stroke:var(--kept);stroke-width:1.2}
    .co{fill:none;stroke:var(--strong-line);stroke-width:1.2;stroke-dasharray:2 1.6}
    .cs{fill:none;stroke:var(--alert);stroke-width:1.2}
    .cn{fill:var(--alert)}
    .cd{fill:var(--problem)}
    .cm{fill:none;stroke:var(--problem);stroke-width:1.2}
    .cx{fill:none;stroke:var(--problem);stroke-width:1.4;stroke-linecap:round}
    .cw{fill:none;stroke:var(--ground);stroke-width:1.7;stroke-linecap:round}
    .legend{list-style:none;margin:0 0 1.5rem;padding:0;display:grid;gap:.35rem 1.5rem;\
    grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));font-size:.875rem}
    .legend li{display:grid;grid-template-columns:1rem 8.75rem 1fr;gap:.6rem;align-items:center;line-height:1.35}
    .legend svg{width:1rem;height:1rem}
    .year{margin-top:1.5rem;break-inside:avoid}
    .year h3 span{font-weight:400;font-size:.875rem;color:var(--muted);margin-inline-start:.5rem}
    .months{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:.75rem .8rem;margin:.6rem 0 .35rem;\
    font-size:.8125rem;color:var(--muted)}
    .months svg{display:block;width:100%;max-width:7rem;margin-top:.2rem}
    @media (max-width:60rem){.months{grid-template-columns:repeat(6,minmax(0,1fr))}.void{display:none}}
    @media (max-width:34rem){.months{grid-template-columns:repeat(4,minmax(0,1fr))}}
    .chart{display:block;overflow:visible}
    .chart line{stroke:var(--line)}
    .chart text{font-size:12px;fill:var(--muted)}
    .chart path,.chart rect{fill:var(--bar)}
    .chart text.scale{fill:var(--ink)}
    .chart rect.fault{fill:var(--problem)}
    .skyline{margin-top:1.5rem}
    .bar{display:block;min-width:6rem;max-width:14rem;margin-top:.35rem}
    .bar rect{fill:var(--bar)}
    .bar rect.ground{fill:var(--plain-soft)}
    .bar.fault rect+rect{fill:var(--problem)}
    .chain{list-style:none;margin:1.25rem 0;padding:0}
    .chain li{position:relative;padding:0 0 1.1rem 2rem;display:grid;gap:.1rem}
    .chain li span{color:var(--muted);font-size:.9375rem}
    .chain li::before{content:"";position:absolute;left:.3rem;top:.35rem;width:.8rem;height:.8rem;border-radius:50%;\
    border:2px solid var(--kept);background:var(--ground);z-index:1}
    .chain li::after{content:"";position:absolute;left:.65rem;top:.4rem;bottom:-.4rem;border-inline-start:2px solid var(--kept)}
    .chain li:last-child::after{display:none}
    .chain .end::before{background:var(--kept)}
    .chain .open::before{border-style:dashed;background:var(--ground)}
    .chain .link::before{border-radius:2px}
    .chain .gap strong{color:var(--problem)}
    .chain .gap::before{border-color:var(--problem);border-radius:0;transform:rotate(45deg)}
    .chain .gap::after{border-inline-start:2px dotted var(--problem)}
    .chain li:has(+.gap)::after{border-inline-start:2px dotted var(--problem)}
    .meanings{display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1.25rem;margin:.75rem 0;font-size:.9375rem}
    .meanings dd{margin:0;max-width:75ch}
    details[open]>summary{margin-bottom:.25rem}
    @media (max-width:40rem){.bar{min-width:3.5rem}}
    @media (max-width:34rem){.meanings{grid-template-columns:1fr;gap:.15rem}.meanings dd{margin-bottom:.6rem}}
    @media print{.months{grid-template-columns:repeat(12,minmax(0,1fr))}}

    """)
}
