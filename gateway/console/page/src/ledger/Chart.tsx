/* A chart as an SVG: sharp in print, named for screen readers, and never without its table. */

import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

import { colourOf } from "../purposes";
import { useTheme } from "../theme";

use([BarChart, LineChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, SVGRenderer]);

export interface Series {
  name: string;
  /** The purpose whose colour it has; its name if left out. */
  purpose?: string;
  values: readonly number[];
}

interface ChartProps {
  label: string;
  kind: "bars" | "lines";
  /** The labels along the axis. */
  places: readonly string[];
  series: readonly Series[];
  /** Places from above to below, for names that are long. */
  lying?: boolean;
}

export default function Chart({ label, kind, places, series, lying = false }: ChartProps) {
  const { theme } = useTheme();
  const ground = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (ground.current === null) return;
    const chart = init(ground.current, null, { renderer: "svg" });
    chart.setOption(options({ label, kind, places, series, lying }, theme === "dark"));
    const fit = new ResizeObserver(() => chart.resize());
    fit.observe(ground.current);
    return () => {
      fit.disconnect();
      chart.dispose();
    };
  }, [label, kind, places, series, lying, theme]);
  return <div ref={ground} className="chart" role="img" aria-label={label} />;
}

function options({ label, kind, places, series, lying }: ChartProps, dark: boolean): EChartsCoreOption {
  const text = dark ? "#e8edf4" : "#16202e";
  const line = dark ? "#3c4757" : "#c6ccd6";
  const axis = {
    axisLabel: { color: text },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
  };
  const along = { type: "category", data: places, inverse: lying, ...axis };
  const up = { type: "value", minInterval: 1, ...axis };
  return {
    animation: false,
    aria: { enabled: true, label: { description: label } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    legend: { type: "plain", bottom: 0, textStyle: { color: text, fontSize: 11 } },
    grid: { left: 8, right: 16, top: 16, bottom: 24 + 18 * Math.ceil(series.length / 3), containLabel: true },
    xAxis: lying ? up : along,
    yAxis: lying ? along : up,
    series: series.map((each) => ({
      name: each.name,
      data: each.values,
      itemStyle: { color: colourOf(each.purpose ?? each.name) },
      ...(kind === "bars"
        ? { type: "bar", stack: "all", barMaxWidth: 42 }
        : { type: "line", step: "end", showSymbol: places.length < 40 }),
    })),
  };
}
