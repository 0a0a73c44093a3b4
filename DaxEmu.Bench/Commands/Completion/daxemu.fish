# Completion of daxemu in fish: the command itself says what fits, so what is offered is what this version takes.
#   daxemu completion fish | source
function __daxemu_complete
    # The line without the command's name; '--name=value' counts as '--name value', which has the same length.
    set -l tokens (commandline -opc) (commandline -ct)
    set -l line (string replace -ar -- '(--[a-z0-9_-]+)=' '$1 ' (string join -- ' ' $tokens[2..-1]))
    set -l named (string match -r -- '^--[a-z0-9_-]+=' (commandline -ct))
    for found in ($tokens[1] "[suggest:"(string length -- "$line")"]" "$line" 2> /dev/null)
        echo -- "$named$found"
    end
end
complete -c daxemu -a '(__daxemu_complete)'
