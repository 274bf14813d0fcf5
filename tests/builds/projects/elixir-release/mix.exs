defmodule Tides.MixProject do
  use Mix.Project

  def project do
    [app: :tides, version: "0.1.0", elixir: "~> 1.14"]
  end

  def application do
    [extra_applications: [:crypto]]
  end
end
