defmodule Sums do
  def show do
    {text, 0} = System.cmd(Application.app_dir(:sums, "priv/sum"), ["40", "2"])
    IO.write(text)
  end
end
