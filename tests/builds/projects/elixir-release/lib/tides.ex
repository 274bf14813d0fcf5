defmodule Tides do
  def table do
    path = Application.app_dir(:tides, "priv/harbours.txt")

    for line <- File.stream!(path) do
      name = String.trim(line)
      sum = :crypto.hash(:sha256, name) |> Base.encode16(case: :lower) |> binary_part(0, 8)
      IO.puts("#{name} #{sum}")
    end
  end
end
